//! Memory or threads that the system refuses in the middle of work: an error with a way out.
//!
//! libtorch's refusals come as panics out of tch, those of the system as panics of whoever started a
//! thread; Rust's allocator and the C++ library end the process by `abort`. Here all of them become
//! what every other failure is: a message, an exit code, and nothing left half written.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::sync::OnceLock;

use crate::error::{Error, Result};

/// What was refused first; what only passes a panic on afterwards does so for it.
static FIRST: OnceLock<String> = OnceLock::new();

/// Does work that may be refused memory or a thread.
///
/// # Errors
/// Those of the work; [`Error::Other`] with a way out where something was refused.
///
/// # Panics
/// As the work does for any other reason: a bug.
pub fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    panic::catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let own = told(&*payload).and_then(crate::error::refusal);
        let earlier = || FIRST.get().filter(|_| follows(&*payload)).cloned();
        match own.or_else(earlier) {
            Some(refusal) => Err(Error::Other(refusal)),
            None => panic::resume_unwind(payload),
        }
    })
}

/// Whether a panic only passes on that another thread has panicked.
fn follows(payload: &(dyn Any + Send)) -> bool {
    let signs = ["a scoped thread panicked", "PoisonError", "Any { .. }"];
    told(payload).is_some_and(|text| signs.iter().any(|sign| text.contains(sign)))
}

/// The text of a panic.
pub(super) fn told(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

/// From now on a panic for something refused is reported by [`caught`] alone, and a library that ends
/// the process leaves an exit code and no half of a file. For `main`.
pub fn end_orderly() {
    let others = panic::take_hook();
    panic::set_hook(Box::new(move |what| {
        match told(what.payload()).and_then(crate::error::refusal) {
            Some(refusal) => drop(FIRST.set(refusal)),
            None if FIRST.get().is_some() && follows(what.payload()) => {}
            None => others(what),
        }
    }));
    listen_for_abort();
}

/// What is printed where a library ends the process, behind what that has said itself.
const ENDED: &[u8] =
    b"error: a library ended the process, for the reason above; what was finished stays. If the reason \
is memory or threads, take a smaller --batch, fewer --jobs or --cores, or fewer images\n";

/// From now on `abort` prints a message, removes half-written files, and leaves an exit code. Nothing
/// has to be set up before, so that it can come first of all: libtorch allocates while it is loaded.
pub fn listen_for_abort() {
    #[cfg(unix)]
    // SAFETY: a system call with a handler of the type that it takes, on a value whose zeros mean no
    // flags and no signals.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_abort as *const () as usize;
        // Where the system refuses, an abort is one as before.
        let _ = libc::sigaction(libc::SIGABRT, &action, std::ptr::null_mut());
    }
}

#[cfg(unix)]
extern "C" fn on_abort(_: libc::c_int) {
    crate::files::remove_on_abort();
    // SAFETY: system calls on constant text; the process ends.
    unsafe {
        libc::write(2, ENDED.as_ptr().cast(), ENDED.len());
        libc::_exit(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_memory_becomes_an_error_and_a_bug_stays_a_panic() {
        let refused = caught::<()>(|| {
            panic!(
                "called `Result::unwrap()` on an `Err` value: Torch(\"[enforce fail at \
                 alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried \
                 to allocate 41943040 bytes. Error code 12 (Cannot allocate memory)\\nframe #0\")"
            )
        });
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("memory does not suffice: another 42 MB were"), "{message}");
        assert!(message.contains("--batch") && !message.contains("frame"), "{message}");
        assert_eq!(caught(|| Ok(3)).unwrap(), 3);
        let bug = panic::catch_unwind(|| caught::<()>(|| panic!("index out of bounds")));
        assert!(bug.is_err());
    }

    #[test]
    fn only_what_passes_a_panic_on_is_taken_for_a_consequence() {
        let text = |text: &str| -> Box<dyn Any + Send> { Box::new(text.to_owned()) };
        assert!(follows(&*text("a scoped thread panicked")));
        assert!(follows(&*text("nobody panics with the lock: PoisonError { .. }")));
        assert!(!follows(&*text("index out of bounds: the len is 3 but the index is 3")));
    }

    #[test]
    fn an_allocation_that_libtorch_refuses_becomes_an_error() {
        let much = 1_i64 << 60;
        let refused = caught(|| {
            let options = (tch::Kind::Float, tch::Device::Cpu);
            Ok(tch::Tensor::zeros([much], options))
        });
        let message = refused.map(drop).unwrap_err().to_string();
        assert!(message.starts_with("memory does not suffice: another "), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
}
