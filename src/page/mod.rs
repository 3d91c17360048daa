//! HTML reports: one self-contained file for a run, a comparison, a sweep or a search, composed of the
//! pieces in `report::html`.
//!
//! A report needs only the files in the result folders, so it can be written again at any time. It
//! shows the images if the data file still exists.

mod comparison;
mod diverged;
mod parts;
mod report;
mod reporter;
mod run;
mod search;
mod sweep;

pub use self::report::report;
pub use self::reporter::Reporter;
