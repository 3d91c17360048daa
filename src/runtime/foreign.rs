//! Libraries that panic where a file holds what they do not expect.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::refused::told;

thread_local! {
    /// Whether a panic of this thread is reported by whoever called [`panic_as_error`].
    static REPORTED: Cell<bool> = const { Cell::new(false) };
}

/// Has a library read bytes of the user's on this thread.
///
/// # Errors
/// The text of a panic, of which nothing is printed then.
pub fn panic_as_error<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    static SILENCED: Once = Once::new();
    SILENCED.call_once(|| {
        let others = panic::take_hook();
        panic::set_hook(Box::new(move |what| {
            if !REPORTED.get() {
                others(what);
            }
        }));
    });
    let before = REPORTED.replace(true);
    let read = panic::catch_unwind(AssertUnwindSafe(read));
    REPORTED.set(before);
    read.map_err(|payload| told(&*payload).unwrap_or("it panicked").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_on_foreign_bytes_is_an_error_and_others_are_panics_as_before() {
        let length = -1;
        let read = panic_as_error(|| assert!(length >= 0, "a length of {length}"));
        assert_eq!(read.unwrap_err(), "a length of -1");
        assert_eq!(panic_as_error(|| 3), Ok(3));
        assert!(!REPORTED.get());
        assert!(panic::catch_unwind(|| panic!("a bug")).is_err());
    }
}
