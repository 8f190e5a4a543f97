// The functions of libm that the standard library lacks; elsewhere libc is not imported.

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

package enum Mathematics {
    /// e to the power of `exponent`.
    package static func exponential(_ exponent: Double) -> Double { exp(exponent) }

    package static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
}
