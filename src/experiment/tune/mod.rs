//! A search for the settings under which a loss does best.
//!
//! The same for every loss: as many trials, as many epochs, the same settings of training beside
//! its own, the same rule for stopping early. Only images for validation are looked at. A trial's
//! settings follow from the results of all trials up to four before it, whatever order they
//! ended in, so a search gives the same on any number of cores and when it is stopped and goes on.

mod board;
mod rank;
mod scorer;
mod search;
mod space;
mod task;
mod worker;

pub use self::rank::Tuned;
pub use self::search::{LAG, ended, name};
pub use self::task::Search;
