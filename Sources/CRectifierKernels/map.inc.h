// Elementwise programs: an interpreter that decodes each instruction once for a tile of about MAP_TILE elements and
// then runs a vector loop over it.
//
// A tile is a piece of one row, or several short rows. Every slot is a run of the computing type: temporaries lie on
// the stack; an operand that is stored so already is used where it lies; others (broadcasts, 16-bit types, short rows
// with gaps) are staged: filled before the tile, written back after it. What does not change from tile to tile
// (constants, operands that broadcast both ways) is filled once.
//
// A matrix whose rows all follow one another is one long row. Elements do not depend on each other, so neither tiles
// nor parts show in the bits.

#define MAP_SLOTS (RK_MAP_OPERANDS + RK_MAP_TEMPORARIES)

typedef struct {
    const rk_map *map;
    int64_t rows, columns;
    uint32_t reads, writes;  ///< operands, as bits
    uint32_t constants;      ///< temporaries that one CONST writes, and nothing else
    struct {
        STORAGE *base;
        int64_t first;        ///< where the plan begins, in elements
        int64_t row, column;  ///< strides
        const rk_labels *labels;
    } operands[RK_MAP_OPERANDS];
} N(map_plan);

/// Temporaries that one CONST writes, and nothing else, as bits.
static uint32_t N(map_constants)(const rk_map *map) {
    uint32_t written = 0, again = 0, constants = 0;
    for (const rk_instruction *i = map->instructions, *end = i + map->instruction_count; i < end; i++) {
        if (i->d < RK_MAP_OPERANDS) continue;
        const uint32_t bit = 1u << (i->d - RK_MAP_OPERANDS);
        again |= written & bit;
        written |= bit;
        if (i->opcode == RK_OP_CONST) constants |= bit;
    }
    return constants & ~again;
}

/// Whether an instruction only sets one of those.
RK_INLINE bool N(sets_constant)(const rk_instruction *i, uint32_t constants) {
    return i->opcode == RK_OP_CONST && i->d >= RK_MAP_OPERANDS && constants >> (i->d - RK_MAP_OPERANDS) & 1;
}

/// The plan for rows × columns from (row, column) on.
static void N(map_prepare)(N(map_plan) *plan, const rk_map *map, int64_t row, int64_t rows, int64_t column, int64_t columns) {
    plan->map = map;
    bool joined = true;
    for (int o = 0; o < map->operand_count; o++) {
        const rk_operand *operand = &map->operands[o];
        const int64_t row_stride = operand->row_stride, column_stride = operand->column_stride;
        plan->operands[o].base = operand->base;
        plan->operands[o].first = row * row_stride + column * column_stride;
        plan->operands[o].labels = operand->labels;
        // Strides along an extent of 1 mean nothing; these make joining rows possible.
        const int64_t c = columns > 1 ? column_stride : rows > 1 && row_stride == 0 ? 0 : 1;
        const int64_t r = rows > 1 ? row_stride : c * columns;
        plan->operands[o].row = r, plan->operands[o].column = c;
        joined &= r == c * columns;
    }
    plan->rows = joined ? 1 : rows;
    plan->columns = joined ? rows * columns : columns;

    plan->reads = plan->writes = 0;
    for (const rk_instruction *i = map->instructions, *end = i + map->instruction_count; i < end; i++) {
        const int arguments = rk_opcode_argument_counts[i->opcode];
        if (arguments > 0 && i->a < RK_MAP_OPERANDS) plan->reads |= 1u << i->a;
        if (arguments > 1 && i->b < RK_MAP_OPERANDS) plan->reads |= 1u << i->b;
        if (arguments > 2 && i->c < RK_MAP_OPERANDS) plan->reads |= 1u << i->c;
        if (i->d < RK_MAP_OPERANDS) plan->writes |= 1u << i->d;
    }
    plan->constants = N(map_constants)(map);
}

/// Keeps the share of one part.
RK_INLINE void N(map_cut)(N(map_plan) *plan, int part, int parts) {
    if (parts == 1) return;
    const bool by_rows = plan->rows >= ROWS_PER_PART * parts || plan->columns < ELEMENT_UNIT * parts;
    const rk_range range = by_rows ? rk_share(plan->rows, 1, part, parts) : rk_share(plan->columns, ELEMENT_UNIT, part, parts);
    for (int o = 0; o < plan->map->operand_count; o++) {
        plan->operands[o].first += range.begin * (by_rows ? plan->operands[o].row : plan->operands[o].column);
    }
    if (by_rows) plan->rows = range.end - range.begin;
    else plan->columns = range.end - range.begin;
}

RK_INLINE void N(fill)(COMPUTE *to, COMPUTE x, int64_t count) {
    for (int64_t i = 0; i < count; i += LANES) Store(to + i, Set(x));
}

/// Runs `result` for each vector of the tile, where a, b, c are the arguments' vectors.
#define EACH_VECTOR(result)                                                                                                           \
    {                                                                                                                                 \
        const Vec x = Set(instruction->x), y = Set(instruction->y), z = Set(instruction->z);                                          \
        (void)x, (void)y, (void)z;                                                                                                    \
        int64_t i = 0;                                                                                                                \
        for (; i + LANES <= n; i += LANES) {                                                                                          \
            const Vec a = Load(pa + i), b = Load(pb + i), c = Load(pc + i);                                                           \
            (void)a, (void)b, (void)c;                                                                                                \
            Store(d + i, result);                                                                                                     \
        }                                                                                                                             \
        if (i < n) {                                                                                                                  \
            const Vec a = LoadTail(pa + i, n - i), b = LoadTail(pb + i, n - i), c = LoadTail(pc + i, n - i);                          \
            (void)a, (void)b, (void)c;                                                                                                \
            StoreTail(d + i, result, n - i);                                                                                          \
        }                                                                                                                             \
        break;                                                                                                                        \
    }

/// The same with the body once, for long ones.
#define EACH_VECTOR_ONCE(result)                                                                                                      \
    {                                                                                                                                 \
        const Vec x = Set(instruction->x);                                                                                            \
        (void)x;                                                                                                                      \
        for (int64_t i = 0; i < n; i += LANES) {                                                                                      \
            const Vec a = LoadN(pa + i, n - i), b = LoadN(pb + i, n - i);                                                             \
            (void)a, (void)b;                                                                                                         \
            StoreN(d + i, result, n - i);                                                                                             \
        }                                                                                                                             \
        break;                                                                                                                        \
    }

/// -1 where both are equal as the element type rounds them.
RK_INLINE IntVec N(equal_stored)(Vec a, Vec b) {
    if (sizeof(STORAGE) == sizeof(COMPUTE)) return (IntVec)(a == b);
    return (IntVec)(Promote(Demote(a)) == Promote(Demote(b)));
}

/// Copies `a`, or rectifies it, and counts where it equals `b`, or the number that all of `b` is (`same`).
RK_INLINE void N(watch)(COMPUTE *d, const COMPUTE *a, const COMPUTE *b, const bool same, const bool rectify, int64_t *counter, int64_t n) {
    const Vec zero = Zero();
    IntVec found = {0};
    int64_t i = 0;
    for (; i + LANES <= n; i += LANES) {
        const Vec va = Load(a + i);
        found -= N(equal_stored)(va, Load(same ? b : b + i));
        Store(d + i, rectify ? IfThenElse(va <= 0, zero, va) : va);
    }
    if (i < n) {
        const Vec va = LoadTail(a + i, n - i);
        IntVec equal = N(equal_stored)(va, LoadTail(same ? b : b + i, n - i));
        for (int64_t lane = n - i; lane < LANES; lane++) equal[lane] = 0;
        found -= equal;
        StoreTail(d + i, rectify ? IfThenElse(va <= 0, zero, va) : va, n - i);
    }
    // Mostly there is none, and then nothing to add up.
    const LongVec words = (LongVec)found;
    int64_t any = 0;
    for (int word = 0; word < DOUBLE_LANES; word++) any |= words[word];
    if (!any || !counter) return;
    int64_t count = 0;
    for (int lane = 0; lane < LANES; lane++) count += found[lane];
    __atomic_fetch_add(counter, count, __ATOMIC_RELAXED);
}

RK_INLINE Vec N(or_nan)(Vec a, Vec result) { return IfThenElse(a != a, a, result); }
RK_INLINE Vec N(or_either_nan)(Vec a, Vec b, Vec result) { return N(or_nan)(a, N(or_nan)(b, result)); }
RK_INLINE Vec N(heaviside)(Vec a, Vec x, Vec y, Vec z) { return N(or_nan)(a, IfThenElse(a < 0, x, IfThenElse(a == 0, y, z))); }

static void N(map_apply)(
    const rk_instruction *instruction, COMPUTE *d, const COMPUTE *pa, const COMPUTE *pb, const COMPUTE *pc, int64_t n) {
    const Vec zero = Zero(), one = Set(1);
    switch ((rk_opcode)instruction->opcode) {
    case RK_OP_COPY: EACH_VECTOR(a)
    case RK_OP_CONST: EACH_VECTOR_ONCE(x)
    case RK_OP_ADD: EACH_VECTOR(a + b)
    case RK_OP_SUB: EACH_VECTOR(a - b)
    case RK_OP_MUL: EACH_VECTOR(a * b)
    case RK_OP_DIV: EACH_VECTOR(a / b)
    case RK_OP_MAX: EACH_VECTOR(IfThenElse((a < b) | (b != b), b, a))
    case RK_OP_MIN: EACH_VECTOR(IfThenElse((a > b) | (b != b), b, a))
    case RK_OP_POW: EACH_VECTOR_ONCE(N(v_pow)(a, b))
    case RK_OP_NEG: EACH_VECTOR(-a)
    case RK_OP_ABS: EACH_VECTOR(Abs(a))
    case RK_OP_SQRT: EACH_VECTOR(Sqrt(a))
    case RK_OP_EXP: EACH_VECTOR_ONCE(N(v_exp)(a))
    case RK_OP_EXPM1: EACH_VECTOR_ONCE(N(v_expm1)(a))
    case RK_OP_LOG: EACH_VECTOR_ONCE(N(v_log)(a))
    case RK_OP_LOG1P: EACH_VECTOR_ONCE(N(v_log1p)(a))
    case RK_OP_SIGMOID: EACH_VECTOR_ONCE(N(v_sigmoid)(a))
    case RK_OP_TANH: EACH_VECTOR_ONCE(N(v_tanh)(a))
    case RK_OP_SOFTPLUS: EACH_VECTOR_ONCE(N(v_softplus)(a))
    case RK_OP_NORMAL_CDF: EACH_VECTOR_ONCE(N(v_normal_cdf)(a))
    case RK_OP_SIN: EACH_VECTOR_ONCE(N(v_sin)(a))
    case RK_OP_COS: EACH_VECTOR_ONCE(N(v_cos)(a))
    case RK_OP_RELU:
        if (instruction->counter) {
            const COMPUTE nothing[LANES] = {0};
            N(watch)(d, pa, nothing, true, true, instruction->counter, n);
            break;
        }
        EACH_VECTOR(IfThenElse(a <= 0, zero, a))
    case RK_OP_LEAKY: EACH_VECTOR(IfThenElse(a > 0, a, x * a))
    case RK_OP_HEAVISIDE: EACH_VECTOR(N(heaviside)(a, x, y, z))
    case RK_OP_HEAVISIDE_MUL: EACH_VECTOR(N(heaviside)(a, x, y, z) * b)
    case RK_OP_CLIP: EACH_VECTOR(IfThenElse(a < x, x, IfThenElse(a > y, y, a)))
    case RK_OP_CLIP_GATE: EACH_VECTOR(N(or_nan)(a, IfThenElse((a == x) | (a == y), z, IfThenElse((a > x) & (a < y), one, zero))))
    case RK_OP_GREATER: EACH_VECTOR(N(or_either_nan)(a, b, IfThenElse(a > b, one, zero)))
    case RK_OP_GREATER_EQUAL: EACH_VECTOR(N(or_either_nan)(a, b, IfThenElse(a >= b, one, zero)))
    case RK_OP_EQUAL: EACH_VECTOR(N(or_either_nan)(a, b, IfThenElse(a == b, one, zero)))
    case RK_OP_SELECT: EACH_VECTOR(N(or_nan)(a, IfThenElse(a != 0, b, c)))
    case RK_OP_WATCH: {
        COMPUTE to[LANES];
        Store(to, Set(instruction->x));
        N(watch)(d, pa, to, true, false, instruction->counter, n);
        break;
    }
    case RK_OP_WATCH_TIE: N(watch)(d, pa, pb, false, false, instruction->counter, n); break;
    case RK_OP_COUNT: break;
    }
}

#undef EACH_VECTOR_ONCE
#undef EACH_VECTOR

/// `rows` × `columns` of an operand, gathered. Writes whole vectors; each row's surplus is overwritten by the next.
/// Where rows follow one another, those before the last may be read beyond their end.
static void N(stage_in)(COMPUTE *to, const STORAGE *from, int64_t row, int64_t column, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++, from += row, to += columns) {
        const int64_t readable = row == columns ? (rows - r) * columns : columns;
        if (column == 0) N(fill)(to, LoadPromoteOne(from), columns);
        else for (int64_t i = 0; i < columns; i += LANES) Store(to + i, LoadPromoteN(from + i, readable - i));
    }
}

/// `count` elements of the matrix that labels stand for, from one on.
static void N(stage_labels)(COMPUTE *to, const rk_labels *labels, int64_t first, int64_t count) {
    memset(to, 0, (size_t)count * sizeof(COMPUTE));
    int64_t row = first / labels->classes;
    for (int64_t begin = row * labels->classes - first; begin < count; begin += labels->classes, row++) {
        const int64_t label = rk_label(labels, row), place = begin + label;
        if (label >= 0 && place >= 0 && place < count) to[place] = 1;
    }
}

static void N(stage_out)(STORAGE *to, const COMPUTE *from, int64_t row, int64_t rows, int64_t columns) {
    for (int64_t r = 0; r < rows; r++, to += row, from += columns) {
        for (int64_t i = 0; i < columns; i += LANES) DemoteStoreN(to + i, Load(from + i), columns - i);
    }
}

static void N(map_run)(const N(map_plan) *plan) {
    const rk_map *map = plan->map;
    const int64_t rows = plan->rows, columns = plan->columns;
    if (rows <= 0 || columns <= 0) return;
    const int64_t tile_columns = columns < MAP_TILE ? columns : MAP_TILE, tile_rows = rk_min(rows, MAP_TILE / tile_columns);

    // Room for whole vectors behind a tile.
    COMPUTE room[MAP_SLOTS][MAP_TILE + LANES] __attribute__((aligned(64)));
    COMPUTE *slots[MAP_SLOTS];
    for (int i = 0; i < RK_MAP_TEMPORARIES; i++) slots[RK_MAP_OPERANDS + i] = room[RK_MAP_OPERANDS + i];
    uint32_t staged_reads = 0, staged_writes = 0, staged_labels = 0, in_place = 0;
    for (int o = 0; o < map->operand_count; o++) {
        const uint32_t bit = 1u << o;
        slots[o] = room[o];
        if (plan->operands[o].labels) {
            staged_labels |= bit;
        } else if (plan->operands[o].column == 0 && plan->operands[o].row == 0) {
            N(fill)(slots[o], LoadPromoteOne(plan->operands[o].base + plan->operands[o].first), tile_rows * tile_columns);
        } else if (sizeof(STORAGE) == sizeof(COMPUTE) && plan->operands[o].column == 1
                   && (tile_rows == 1 || plan->operands[o].row == columns)) {
            in_place |= bit;
        } else {
            staged_reads |= plan->reads & bit;
            staged_writes |= plan->writes & bit;
        }
    }
    const rk_instruction *const end = map->instructions + map->instruction_count;
    if (plan->constants) {
        for (const rk_instruction *i = map->instructions; i < end; i++) {
            if (N(sets_constant)(i, plan->constants)) N(fill)(slots[i->d], (COMPUTE)i->x, tile_rows * tile_columns);
        }
    }

    for (int64_t row = 0; row < rows; row += tile_rows) {
        const int64_t height = rk_min(tile_rows, rows - row);
        for (int64_t column = 0; column < columns; column += tile_columns) {
            const int64_t width = rk_min(tile_columns, columns - column), n = height * width;
#define OFFSET(o, at) (plan->operands[o].first + (at) * plan->operands[o].row + column * plan->operands[o].column)
#define PLACE(o) (plan->operands[o].base + OFFSET(o, row))
            for (uint32_t left = in_place; left; left &= left - 1) {
                const int o = __builtin_ctz(left);
                slots[o] = (COMPUTE *)PLACE(o);
            }
            for (uint32_t left = staged_reads; left; left &= left - 1) {
                const int o = __builtin_ctz(left);
                N(stage_in)(slots[o], PLACE(o), plan->operands[o].row, plan->operands[o].column, height, width);
            }
            for (uint32_t left = staged_labels; left; left &= left - 1) {
                const int o = __builtin_ctz(left);
                for (int64_t r = 0; r < height; r++) {
                    N(stage_labels)(slots[o] + r * width, plan->operands[o].labels, OFFSET(o, row + r), width);
                }
            }
            for (const rk_instruction *i = map->instructions; i < end; i++) {
                if (N(sets_constant)(i, plan->constants)) continue;
                // Arguments that an opcode does not have may hold anything.
                const int arguments = rk_opcode_argument_counts[i->opcode];
                const COMPUTE *const a = arguments > 0 ? slots[i->a] : room[0];
                N(map_apply)(i, slots[i->d], a, arguments > 1 ? slots[i->b] : a, arguments > 2 ? slots[i->c] : a, n);
                if (sizeof(STORAGE) != sizeof(COMPUTE) && i->d < RK_MAP_OPERANDS && plan->reads >> i->d & 1) {
                    for (int64_t v = 0; v < n; v += LANES) Store(slots[i->d] + v, Promote(Demote(Load(slots[i->d] + v))));
                }
            }
            for (uint32_t left = staged_writes; left; left &= left - 1) {
                const int o = __builtin_ctz(left);
                N(stage_out)(PLACE(o), slots[o], plan->operands[o].row, height, width);
            }
#undef PLACE
#undef OFFSET
        }
    }
}

/// Whether every operand is a run of the computing type, rows and all; one may be labels.
RK_INLINE bool N(map_is_flat)(const rk_map *map) {
    bool flat = sizeof(STORAGE) == sizeof(COMPUTE);
    int labels = 0;
    for (const rk_operand *o = map->operands, *end = o + map->operand_count; o < end; o++) {
        flat &= (o->column_stride == 1) & ((o->row_stride == map->columns) | (map->rows == 1));
        labels += o->labels != NULL;
    }
    return flat & (labels < 2);
}

/// Elements [begin, end) of a map that is flat: nothing to plan, which is most of what a small map would take.
static void N(map_flat)(const rk_map *map, int64_t begin, int64_t end) {
    COMPUTE room[RK_MAP_TEMPORARIES][MAP_TILE + LANES] __attribute__((aligned(64)));
    COMPUTE of_labels[MAP_TILE + LANES] __attribute__((aligned(64)));
    const rk_labels *labels = NULL;
    for (int o = 0; o < map->operand_count; o++) labels = map->operands[o].labels ? map->operands[o].labels : labels;
    const uint32_t constants = end - begin > MAP_TILE ? N(map_constants)(map) : 0;
    for (int64_t at = begin; at < end; at += MAP_TILE) {
        if (labels) N(stage_labels)(of_labels, labels, at, rk_min(MAP_TILE, end - at));
        for (const rk_instruction *i = map->instructions, *last = i + map->instruction_count; i < last; i++) {
            if (at > begin && N(sets_constant)(i, constants)) continue;
#define PLACE(slot)                                                                                                                   \
    ((slot) >= RK_MAP_OPERANDS ? room[(slot) - RK_MAP_OPERANDS]                                                                       \
     : map->operands[slot].labels ? of_labels                                                                                         \
                                  : (COMPUTE *)map->operands[slot].base + at)
            // Arguments that an opcode does not have may hold anything.
            const int arguments = rk_opcode_argument_counts[i->opcode];
            const COMPUTE *const a = arguments > 0 ? PLACE(i->a) : room[0];
            N(map_apply)(i, PLACE(i->d), a, arguments > 1 ? PLACE(i->b) : a, arguments > 2 ? PLACE(i->c) : a, rk_min(MAP_TILE, end - at));
#undef PLACE
        }
    }
}

/// The block [row, row_end) × [column, column_end) of a map: what a product's epilogue runs.
static void N(map_block)(const rk_map *map, int64_t row, int64_t row_end, int64_t column, int64_t column_end) {
    if (column == 0 && column_end == map->columns && N(map_is_flat)(map)) {
        N(map_flat)(map, row * map->columns, row_end * map->columns);
        return;
    }
    N(map_plan) plan;
    N(map_prepare)(&plan, map, row, row_end - row, column, column_end - column);
    N(map_run)(&plan);
}

static void N(map)(const rk_call *call, int part, int parts) {
    const rk_map *map = &call->map;
    const int64_t shared = call->shared_rows;
    const rk_range rows = rk_share(shared, 1, part, parts);
    if (N(map_is_flat)(map)) {
        const int64_t count = map->rows * map->columns, width = shared ? count / shared : 1;
        const rk_range range = shared ? rows : rk_share(count, ELEMENT_UNIT, part, parts);
        N(map_flat)(map, range.begin * width, range.end * width);
        return;
    }
    N(map_plan) plan;
    if (shared == 0) {
        N(map_prepare)(&plan, map, 0, map->rows, 0, map->columns);
        N(map_cut)(&plan, part, parts);
    } else if (map->rows % shared == 0) {
        const int64_t height = map->rows / shared;
        N(map_prepare)(&plan, map, rows.begin * height, (rows.end - rows.begin) * height, 0, map->columns);
    } else {  // one run of all rows
        const int64_t width = map->columns / shared;
        N(map_prepare)(&plan, map, 0, 1, rows.begin * width, (rows.end - rows.begin) * width);
    }
    N(map_run)(&plan);
}

#undef MAP_SLOTS
