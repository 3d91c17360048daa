//! The search for the best settings of a loss.
//!
//! It is the same for every loss: the number of trials and epochs, the training settings that are
//! searched beside the loss's own, and the rule for early stopping. It uses only validation images. The
//! settings of a trial depend on all trials but the three just before it, in whatever order they ended,
//! so the result is the same for any number of cores and after an interruption.

mod rank;
mod results;
mod scorer;
mod search;
mod space;
mod task;
mod worker;

pub use self::rank::Tuned;
pub use self::search::{LAG, ended, name};
pub use self::task::Search;
