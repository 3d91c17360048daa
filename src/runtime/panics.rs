//! Turns panics of libraries on malformed files into errors.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::resources::panic_text;

thread_local! {
    /// Whether the caller of [`panic_as_error`] reports panics of this thread.
    static REPORTED: Cell<bool> = const { Cell::new(false) };
}

/// Lets a library read the user's bytes on this thread.
///
/// # Errors
/// The text of a panic, which is then not printed.
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
    read.map_err(|payload| panic_text(&*payload).unwrap_or("it panicked").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_in_the_closure_is_an_error_and_later_panics_are_unaffected() {
        let length = -1;
        let read = panic_as_error(|| assert!(length >= 0, "a length of {length}"));
        assert_eq!(read.unwrap_err(), "a length of -1");
        assert_eq!(panic_as_error(|| 3), Ok(3));
        assert!(!REPORTED.get());
        assert!(panic::catch_unwind(|| panic!("a bug")).is_err());
    }
}
