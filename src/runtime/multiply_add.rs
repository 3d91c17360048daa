//! Products added to sums, rounded once if the CPU has FMA.

/// `a·b + c`, rounded once with `FMA` and twice without.
///
/// Without the instruction, `f32::mul_add` is a slow function call.
#[inline(always)]
pub fn multiply_add<const FMA: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FMA { a.mul_add(b, c) } else { a * b + c }
}

/// `a·b + c` for eight numbers each, as [`multiply_add`].
///
/// A plain loop would do, but in a long kernel the compiler then packs numbers of different arrays
/// into one register and wastes time unpacking them. The intrinsic prevents that.
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
        // SAFETY: on this architecture kernels run with FMA only through `run_avx2`, and each array
        // holds the eight numbers of a register.
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
