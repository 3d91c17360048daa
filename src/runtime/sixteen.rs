//! A vector of sixteen numbers: two registers of AVX2, or one of AVX-512.
//!
//! A matrix product written over [`Sixteen`] uses the same multiplications and additions in the
//! same order with either, so AVX-512 changes its speed but not its bits.

use super::multiply_add::multiply_add_eight;

/// A vector of sixteen numbers.
pub trait Sixteen: Copy {
    /// The same number in every lane.
    fn splat(value: f32) -> Self;

    /// Loads the numbers of a line.
    fn load(line: &[f32; 16]) -> Self;

    /// `a·b + self` in every lane, rounded once if the CPU has FMA.
    fn plus_product(self, a: Self, b: Self) -> Self;

    /// A bit mask, lowest bit first, of the lanes whose number is at most `limit`.
    fn at_most(self, limit: f32) -> u16;

    /// Stores the numbers into a line.
    fn store(self, line: &mut [f32; 16]);
}

/// Eight numbers: one register of AVX2.
#[derive(Clone, Copy)]
#[repr(align(32))]
struct Eight([f32; 8]);

/// Two registers of AVX2, or their emulation on the baseline CPU.
#[derive(Clone, Copy)]
pub struct Halves<const FMA: bool>([Eight; 2]);

impl<const FMA: bool> Sixteen for Halves<FMA> {
    #[inline(always)]
    fn splat(value: f32) -> Self {
        Halves([Eight([value; 8]); 2])
    }

    #[inline(always)]
    fn load(line: &[f32; 16]) -> Self {
        let mut halves = [Eight([0.0; 8]); 2];
        for (half, line) in halves.iter_mut().zip(line.as_chunks::<8>().0) {
            half.0 = *line;
        }
        Halves(halves)
    }

    #[inline(always)]
    fn plus_product(self, a: Self, b: Self) -> Self {
        let mut result = self;
        for half in 0..2 {
            let (a, b, sum) = (&a.0[half].0, &b.0[half].0, &self.0[half].0);
            result.0[half].0 = multiply_add_eight::<FMA>(a, b, sum);
        }
        result
    }

    #[inline(always)]
    fn at_most(self, limit: f32) -> u16 {
        #[cfg(target_arch = "x86_64")]
        if FMA {
            use std::arch::x86_64::{
                _CMP_LE_OQ, _mm256_cmp_ps, _mm256_load_ps, _mm256_movemask_ps, _mm256_set1_ps,
            };
            // SAFETY: on this architecture kernels run with FMA only if there is AVX2, and each
            // half is one aligned register.
            unsafe {
                let limit = _mm256_set1_ps(limit);
                let low = _mm256_cmp_ps::<_CMP_LE_OQ>(_mm256_load_ps(self.0[0].0.as_ptr()), limit);
                let high = _mm256_cmp_ps::<_CMP_LE_OQ>(_mm256_load_ps(self.0[1].0.as_ptr()), limit);
                return (_mm256_movemask_ps(low) | _mm256_movemask_ps(high) << 8) as u16;
            }
        }
        let mut bits = 0;
        for half in 0..2 {
            for lane in 0..8 {
                bits |= u16::from(self.0[half].0[lane] <= limit) << (8 * half + lane);
            }
        }
        bits
    }

    #[inline(always)]
    fn store(self, line: &mut [f32; 16]) {
        for (line, half) in line.as_chunks_mut::<8>().0.iter_mut().zip(&self.0) {
            *line = half.0;
        }
    }
}

/// One register of AVX-512. Only [`Simd`](super::Simd) passes it to a kernel.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy)]
pub struct Whole(std::arch::x86_64::__m512);

#[cfg(target_arch = "x86_64")]
mod whole {
    use std::arch::x86_64::{
        _CMP_LE_OQ, _mm512_cmp_ps_mask, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_set1_ps,
        _mm512_storeu_ps,
    };

    use super::{Sixteen, Whole};

    // SAFETY of all: kernels get this type only if `Simd` found AVX-512, and a line holds the
    // sixteen numbers of a register.
    impl Sixteen for Whole {
        #[inline(always)]
        fn splat(value: f32) -> Whole {
            Whole(unsafe { _mm512_set1_ps(value) })
        }

        #[inline(always)]
        fn load(line: &[f32; 16]) -> Whole {
            Whole(unsafe { _mm512_loadu_ps(line.as_ptr()) })
        }

        #[inline(always)]
        fn plus_product(self, a: Whole, b: Whole) -> Whole {
            Whole(unsafe { _mm512_fmadd_ps(a.0, b.0, self.0) })
        }

        #[inline(always)]
        fn at_most(self, limit: f32) -> u16 {
            unsafe { _mm512_cmp_ps_mask::<_CMP_LE_OQ>(self.0, _mm512_set1_ps(limit)) }
        }

        #[inline(always)]
        fn store(self, line: &mut [f32; 16]) {
            unsafe { _mm512_storeu_ps(line.as_mut_ptr(), self.0) }
        }
    }
}
