// The C library's functions of one number, under names that cannot be taken for those of formulas.

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

package func logarithm(of x: Double) -> Double { log(x) }
package func cosine(of x: Double) -> Double { cos(x) }
package func powerOf(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
package func exponential(of x: Double) -> Double { exp(x) }
package func errorFunction(of x: Double) -> Double { erf(x) }
