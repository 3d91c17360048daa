//! The same arithmetic compiled for several instruction sets, chosen at run time.
//!
//! A [`Kernel`] is plain Rust over arrays of eight f32. Compiled for AVX2 and FMA, such an array is
//! one register and a multiply-add one instruction; compiled for the baseline of the architecture,
//! the same source runs about four times slower. A [`WideKernel`] is written over [`Sixteen`]
//! numbers and compiled for AVX-512 as well.
//!
//! The bits of a result depend on the choice only because a fused multiply-add (AVX2 or AVX-512)
//! rounds once where two instructions round twice.

use super::sixteen::{Halves, Sixteen, Whole};

/// Arithmetic that is compiled once per instruction set.
pub trait Kernel {
    /// The result.
    type Output;

    /// Runs the kernel. `FMA` says that [`multiply_add`](super::multiply_add()) is one fast instruction.
    ///
    /// Mark it and every function and closure that it calls `#[inline(always)]`: without inlining
    /// they are compiled for the baseline CPU.
    fn run<const FMA: bool>(self) -> Self::Output;
}

/// Arithmetic over [`Sixteen`] numbers at once, with the same bits on AVX-512 and AVX2.
pub trait WideKernel {
    /// The result.
    type Output;

    /// Runs the kernel; `#[inline(always)]` as for [`Kernel::run`].
    fn run<L: Sixteen>(self) -> Self::Output;
}

/// A wide kernel on registers of eight numbers.
struct Narrow<K>(K);

impl<K: WideKernel> Kernel for Narrow<K> {
    type Output = K::Output;

    #[inline(always)]
    fn run<const FMA: bool>(self) -> K::Output {
        self.0.run::<Halves<FMA>>()
    }
}

/// Instruction sets; each level includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Baseline,
    /// Multiply-add of eight numbers in one instruction.
    Eight,
    /// Multiply-add of sixteen numbers in one instruction.
    #[cfg(target_arch = "x86_64")]
    Sixteen,
}

/// The instruction set that kernels run on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Simd {
    // Private, so that only `detect` can promise an instruction set.
    level: Level,
}

impl Simd {
    /// The baseline of the architecture.
    pub const PORTABLE: Simd =
        Simd { level: if cfg!(target_arch = "aarch64") { Level::Eight } else { Level::Baseline } };

    /// The best instruction set of this CPU.
    pub fn detect() -> Simd {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            let sixteen = is_x86_feature_detected!("avx512f");
            return Simd { level: if sixteen { Level::Sixteen } else { Level::Eight } };
        }
        Simd::PORTABLE
    }

    /// All instruction sets of this CPU, best first.
    #[cfg(test)]
    pub fn all() -> Vec<Simd> {
        let best = Simd::detect();
        let mut all = vec![best, Simd { level: best.level.min(Level::Eight) }, Simd::PORTABLE];
        all.dedup();
        all
    }

    /// Runs a kernel compiled for this instruction set.
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        if self.level >= Level::Eight {
            // SAFETY: only `detect` returns this level, if it found AVX2 and FMA.
            return unsafe { run_avx2(kernel) };
        }
        if self.level >= Level::Eight { kernel.run::<true>() } else { kernel.run::<false>() }
    }

    /// Runs a wide kernel compiled for this instruction set.
    pub fn run_wide<K: WideKernel>(self, kernel: K) -> K::Output {
        #[cfg(target_arch = "x86_64")]
        if self.level >= Level::Sixteen {
            // SAFETY: only `detect` returns this level, if it found AVX-512, too.
            return unsafe { run_avx512(kernel) };
        }
        self.run(Narrow(kernel))
    }
}

/// The kernel and everything inlined into it, compiled for AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<true>()
}

/// The same with AVX-512.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,avx512f")]
fn run_avx512<K: WideKernel>(kernel: K) -> K::Output {
    kernel.run::<Whole>()
}

#[cfg(test)]
mod tests {
    use super::super::multiply_add::{multiply_add, multiply_add_eight};
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
    fn multiply_add_eight_matches_multiply_add() {
        let numbers = std::array::from_fn(|i| 1.0 + f32::powi(2.0, -12) * i as f32);
        for simd in Simd::all() {
            assert_eq!(simd.run(Squares(numbers)), numbers.map(|x| simd.run(Square(x))));
        }
    }

    /// A chain of multiply-adds in sixteen lanes.
    struct Chain<'a>(&'a [[f32; 16]]);

    impl WideKernel for Chain<'_> {
        type Output = [f32; 16];

        #[inline(always)]
        fn run<L: Sixteen>(self) -> [f32; 16] {
            let mut sum = L::splat(0.1);
            for (step, line) in self.0.iter().enumerate() {
                sum = sum.plus_product(L::load(line), L::splat(0.7 + step as f32));
            }
            let mut lanes = [0.0; 16];
            sum.store(&mut lanes);
            lanes
        }
    }

    #[test]
    fn sixteen_lanes_match_scalar_arithmetic_on_every_instruction_set() {
        let line = |step: usize| std::array::from_fn(|lane| (step * 31 + lane * 17) as f32 / 7.0);
        let lines: Vec<[f32; 16]> = (0..9).map(line).collect();
        let alone = |lane: usize, fused: bool| {
            (0_u8..).zip(&lines).fold(0.1_f32, |sum, (step, line)| {
                let factor = 0.7 + f32::from(step);
                if fused { line[lane].mul_add(factor, sum) } else { line[lane] * factor + sum }
            })
        };
        for simd in Simd::all() {
            let expected = std::array::from_fn(|lane| alone(lane, simd.level >= Level::Eight));
            assert_eq!(simd.run_wide(Chain(&lines)), expected, "{simd:?}");
        }
        let rounded = |fused| (0..16).map(|lane| alone(lane, fused)).collect::<Vec<f32>>();
        assert_ne!(rounded(true), rounded(false), "one rounding and two differ");
    }

    /// Which lanes of sixteen are at most a limit.
    struct AtMost<'a>(&'a [f32; 16], f32);

    impl WideKernel for AtMost<'_> {
        type Output = u16;

        #[inline(always)]
        fn run<L: Sixteen>(self) -> u16 {
            L::load(self.0).at_most(self.1)
        }
    }

    #[test]
    fn at_most_compares_correctly_on_every_instruction_set() {
        let mut line = [f32::NAN; 16];
        line[..10].copy_from_slice(&[
            f32::NEG_INFINITY,
            -2.0,
            -0.0,
            0.0,
            1e-40,
            1.0,
            1.0 + f32::EPSILON,
            2.0,
            f32::MAX,
            f32::INFINITY,
        ]);
        line[15] = -1.0;
        for limit in [f32::NEG_INFINITY, -0.0, 0.0, 1.0, f32::INFINITY, f32::NAN] {
            let bit = |lane: usize| u16::from(line[lane] <= limit) << lane;
            let expected = (0..16).map(bit).fold(0, |bits, bit| bits | bit);
            for simd in Simd::all() {
                assert_eq!(simd.run_wide(AtMost(&line, limit)), expected, "{simd:?}, {limit}");
            }
        }
    }

    #[test]
    fn kernels_round_once_with_fma_and_twice_without() {
        // (1 + 2⁻¹²)² − 1 = 2⁻¹¹ + 2⁻²⁴; the square rounded to f32 loses the last term.
        let x = 1.0 + f32::powi(2.0, -12);
        let (once, twice) = (f32::powi(2.0, -11) + f32::powi(2.0, -24), f32::powi(2.0, -11));
        for simd in Simd::all() {
            let expected = if simd.level >= Level::Eight { once } else { twice };
            assert_eq!(simd.run(Square(x)), expected);
        }
    }
}
