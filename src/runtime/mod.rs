//! libtorch and the machine: device, cores, instructions, memory, signals.

mod cores;
mod device;
mod foreign;
mod interrupt;
mod limits;
mod refused;
mod repeatable;
mod simd;
mod sixteen;

pub use cores::{Core, Cores, Job, Workers};
pub use device::{DeviceChoice, open_device};
pub use foreign::panic_as_error;
pub use interrupt::{INTERRUPTED, Interrupt};
pub use limits::{Memory, bytes, disk_available};
pub use refused::{caught, end_orderly, listen_for_abort};
pub(crate) use simd::multiply_add_eight;
pub use simd::{Kernel, Simd, WideKernel, multiply_add};
pub use sixteen::Sixteen;

/// Sets up what has to be set before libtorch does anything. Call it first in `main`, while there
/// is one thread.
pub fn start() {
    let (name, value) = repeatable::CUBLAS_WORKSPACE;
    if std::env::var_os(name).is_none() {
        // SAFETY: nothing else runs yet that could read the environment.
        unsafe { std::env::set_var(name, value) };
    }
    // Where the allocator refuses, training is slower and nothing else.
    let _ = keep_freed_memory();
    one_libtorch_thread();
}

/// Ends the process at once. Taking libtorch's operators apart one by one, as it does at its end, takes a
/// tenth of a second, and the system takes all memory back anyway. Nothing that is still buffered is
/// written, nor the profile of a build that counts which lines run.
pub fn leave(code: u8) -> ! {
    #[cfg(unix)]
    // SAFETY: it ends the process, and does nothing else.
    unsafe {
        libc::_exit(code.into())
    }
    #[cfg(not(unix))]
    std::process::exit(code.into())
}

/// Keeps freed blocks instead of giving them back to the system after each step.
///
/// A training step allocates and frees the same few megabytes again and again. With glibc's
/// defaults each block is mapped, zeroed page by page and unmapped each time: a quarter of the
/// step where two runs work side by side. One arena for all threads, because those of other
/// threads than the first give their memory back whatever the trim threshold says. 32 MiB is the
/// largest threshold that glibc takes.
fn keep_freed_memory() -> bool {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: mallopt only sets parameters of the allocator.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1) == 1
            && libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20) == 1
            && libc::mallopt(libc::M_TRIM_THRESHOLD, 1 << 30) == 1
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
    true
}

/// Makes libtorch compute with the calling thread alone.
///
/// Every thread that computes calls this once. How sums are split depends on the number of
/// threads and so do their last bits: with one thread everywhere, a run gives the same bytes
/// however many cores there are. Cores are put to use by working side by side instead.
pub fn one_libtorch_thread() {
    tch::set_num_threads(1);
}

/// libtorch's version that this program is built against.
pub const LIBTORCH_VERSION: &str = "2.13.0";

#[cfg(test)]
mod tests {
    #[test]
    fn the_allocator_takes_the_settings() {
        assert!(super::keep_freed_memory());
    }
}
