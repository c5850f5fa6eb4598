// The C library's functions of one number, under names that cannot be taken for those of formulas.

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

func logarithm(of x: Double) -> Double { log(x) }
func cosine(of x: Double) -> Double { cos(x) }
func powerOf(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
func exponential(of x: Double) -> Double { exp(x) }
func errorFunction(of x: Double) -> Double { erf(x) }
