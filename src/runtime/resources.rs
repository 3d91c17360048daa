//! Turns running out of memory or threads into errors that say what to do.
//!
//! A failed allocation of libtorch is a panic in tch, a failed start of a thread is a panic in its
//! caller, and Rust's allocator and the C++ library call `abort`. Here all of them become an
//! ordinary failure: a message, an exit code, and no half-written files.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;

use crate::error::{Error, Result};

/// The first resource error; panics that merely propagate another thread's panic are attributed to
/// it.
static FIRST: OnceLock<String> = OnceLock::new();

/// Runs work that may run out of memory or threads.
///
/// # Errors
/// Those of the work; [`Error::Other`] that says what to do if resources ran out.
///
/// # Panics
/// If the work panics for any other reason, which is a bug.
pub fn catch_resource_errors<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let direct = panic_text(&*payload).and_then(crate::error::resource_error);
        let earlier = || FIRST.get().filter(|_| is_propagated(&*payload)).cloned();
        match direct.or_else(earlier) {
            Some(refusal) => Err(Error::Other(refusal)),
            None => panic::resume_unwind(payload),
        }
    })
}

/// Whether a panic merely propagates the panic of another thread.
fn is_propagated(payload: &(dyn Any + Send)) -> bool {
    let signs = ["a scoped thread panicked", "PoisonError", "Any { .. }"];
    panic_text(payload).is_some_and(|text| signs.iter().any(|sign| text.contains(sign)))
}

/// The message of a panic.
pub(super) fn panic_text(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

/// Installs a panic hook that leaves resource errors to [`catch_resource_errors`], and the handler
/// of [`handle_abort`]. For `main`.
pub fn install_failure_handlers() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        match panic_text(what.payload()).and_then(crate::error::resource_error) {
            Some(refusal) => drop(FIRST.set(refusal)),
            None if FIRST.get().is_some() && is_propagated(what.payload()) => {}
            None => others(what),
        }
    }));
    handle_abort();
}

/// Printed when a library aborts the process, after the library's own message.
const ENDED: &[u8] =
    b"error: a library aborted the process for the reason above; finished results are kept. If \
      the reason \
is memory or threads, use a smaller --batch, fewer --jobs or --cores, or fewer images\n";

/// From now on `abort` prints a message, removes half-written files and exits with a code. Needs no
/// setup, so that it can come before everything else: libtorch allocates while it is loaded.
pub fn handle_abort() {
    #[cfg(unix)]
    // SAFETY: a system call with a handler of the right type, on a value whose zeros mean no flags
    // and no signals.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_abort as *const () as usize;
        // If this fails, an abort behaves as by default.
        let _ = libc::sigaction(libc::SIGABRT, &action, std::ptr::null_mut());
    }
}

#[cfg(unix)]
extern "C" fn on_abort(_: libc::c_int) {
    crate::files::remove_on_abort();
    // SAFETY: system calls with constant text; the process ends.
    unsafe {
        libc::write(2, ENDED.as_ptr().cast(), ENDED.len());
        libc::_exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_allocation_becomes_an_error_and_a_bug_stays_a_panic() {
        let refused = catch_resource_errors::<()>(|| {
            panic!(
                "called `Result::unwrap()` on an `Err` value: Torch(\"[enforce fail at \
                 alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried \
                 to allocate 41943040 bytes. Error code 12 (Cannot allocate memory)\\nframe #0\")"
            )
        });
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("out of memory: cannot allocate another 42 MB"), "{message}");
        assert!(message.contains("--batch") && !message.contains("frame"), "{message}");
        assert_eq!(catch_resource_errors(|| Ok(3)).unwrap(), 3);
        let bug =
            panic::catch_unwind(|| catch_resource_errors::<()>(|| panic!("index out of bounds")));
        assert!(bug.is_err());
    }

    #[test]
    fn propagated_panics_are_recognised() {
        let text = |text: &str| -> Box<dyn Any + Send> { Box::new(text.to_owned()) };
        assert!(is_propagated(&*text("a scoped thread panicked")));
        assert!(is_propagated(&*text("nobody panics with the lock: PoisonError { .. }")));
        assert!(!is_propagated(&*text("index out of bounds: the len is 3 but the index is 3")));
    }

    #[test]
    fn a_failed_allocation_of_libtorch_becomes_an_error() {
        let much = 1_i64 << 60;
        let refused = catch_resource_errors(|| {
            let options = (tch::Kind::Float, tch::Device::Cpu);
            Ok(tch::Tensor::zeros([much], options))
        });
        let message = refused.map(drop).unwrap_err().to_string();
        assert!(message.starts_with("out of memory: cannot allocate another "), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
