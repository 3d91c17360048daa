//! The same arithmetic compiled for the instructions that the processor has.
//!
//! A [`Kernel`] is plain Rust over arrays of eight f32. Compiled for AVX2 and FMA such an array is
//! one register and a multiplication with an addition one instruction; compiled for the oldest
//! processor of the architecture the very same source still runs, about four times slower. Which
//! of the two is taken is decided once, at run time.
//!
//! The bits of a result depend on that choice, because a fused multiply-add rounds once where two
//! instructions round twice. They depend on nothing else.

/// Arithmetic that is compiled once for each set of instructions.
pub trait Kernel {
    /// What it computes.
    type Output;

    /// Does the work. `FMA` says that [`multiply_add`] is one fast instruction.
    ///
    /// Mark it and every function and closure under it `#[inline(always)]`: one that stands alone
    /// is compiled for the oldest processor.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// The instructions that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simd {
    // Private, so that a value that promises the instructions comes from `detect` alone.
    wide: bool,
}

impl Simd {
    /// What every processor of the architecture can do.
    pub const PORTABLE: Simd = Simd { wide: cfg!(target_arch = "aarch64") };

    /// The best that this processor can do.
    pub fn detect() -> Simd {
        #[cfg(target_arch = "x86_64")]
        let wide = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        #[cfg(not(target_arch = "x86_64"))]
        let wide = Simd::PORTABLE.wide;
        Simd { wide }
    }

    /// Runs a kernel as compiled for these instructions.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        if self.wide {
            // SAFETY: `wide` is true only where `detect` found AVX2 and FMA.
            return unsafe { run_avx2(kernel) };
        }
        if self.wide { kernel.run::<true>() } else { kernel.run::<false>() }
    }
}

/// The kernel with everything that is inlined into it, compiled for AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

/// `a·b + c` of eight numbers each, as [`multiply_add`].
///
/// Eight lines of plain Rust would do, but in a long kernel the compiler then packs numbers of
/// different arrays into one register and spends its time on taking them apart. One instruction
/// leaves it no choice.
#[inline(always)]
pub(crate) fn multiply_add_eight<const FMA: bool>(
    a: &[f32; 8],
    b: &[f32; 8],
    c: &[f32; 8],
) -> [f32; 8] {
    let mut result = *c;
    #[cfg(target_arch = "x86_64")]
    if FMA {
        use std::arch::x86_64::{_mm256_fmadd_ps, _mm256_loadu_ps, _mm256_storeu_ps};
        // SAFETY: on this architecture only `run_avx2` runs kernels with FMA, and each array holds
        // the eight numbers of a register.
        unsafe {
            let (a, b) = (_mm256_loadu_ps(a.as_ptr()), _mm256_loadu_ps(b.as_ptr()));
            let sum = _mm256_fmadd_ps(a, b, _mm256_loadu_ps(c.as_ptr()));
            _mm256_storeu_ps(result.as_mut_ptr(), sum);
        }
        return result;
    }
    for i in 0..8 {
        result[i] = multiply_add::<FMA>(a[i], b[i], c[i]);
    }
    result
}

/// `a·b + c`, rounded once where `FMA` is set and twice where it is not.
///
/// Without the instruction `f32::mul_add` is a slow function call.
#[inline(always)]
pub fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Square(f32);

    impl Kernel for Square {
        type Output = f32;

        /// x² − 1 by one multiply-add.
        #[inline(always)]
        fn run<const FMA: bool>(self) -> f32 {
            multiply_add::<FMA>(self.0, self.0, -1.0)
        }
    }

    struct Squares([f32; 8]);

    impl Kernel for Squares {
        type Output = [f32; 8];

        /// x² − 1 of each by one multiply-add.
        #[inline(always)]
        fn run<const FMA: bool>(self) -> [f32; 8] {
            multiply_add_eight::<FMA>(&self.0, &self.0, &[-1.0; 8])
        }
    }

    #[test]
    fn eight_numbers_are_multiplied_and_added_as_each_alone() {
        let numbers = std::array::from_fn(|i| 1.0 + f32::powi(2.0, -12) * i as f32);
        for simd in [Simd::PORTABLE, Simd::detect()] {
            assert_eq!(simd.run(Squares(numbers)), numbers.map(|x| simd.run(Square(x))));
        }
    }

    #[test]
    fn a_kernel_runs_on_either_set_of_instructions_and_rounds_as_told() {
        // (1 + 2⁻¹²)² − 1 = 2⁻¹¹ + 2⁻²⁴; the square rounded to f32 loses the last term.
        let x = 1.0 + f32::powi(2.0, -12);
        let (once, twice) = (f32::powi(2.0, -11) + f32::powi(2.0, -24), f32::powi(2.0, -11));
        for simd in [Simd::PORTABLE, Simd::detect()] {
            let expected = if simd.wide { once } else { twice };
            assert_eq!(simd.run(Square(x)), expected);
        }
    }
}
