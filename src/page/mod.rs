//! Reports for people: one file of HTML on a run, a comparison, a sweep or a search.
//!
//! A report is made of what lies in the folders alone, so that it can be written anew at any time,
//! and of the images, where those are still there.

mod comparison;
mod diverged;
mod parts;
mod report;
mod reporter;
mod run;
mod search;
mod sweep;
mod units;

pub use self::report::report;
pub use self::reporter::Reporter;
