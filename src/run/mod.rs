//! One run and its folder: record, lock, training, resuming, evaluation, removal, catalogue.
//!
//! [`Run`] derives split, name and record from the settings, and trains; [`Trained`] is a finished
//! run loaded from its folder.

mod catalogue;
mod checks;
mod difference;
mod diverged;
mod evaluate;
mod existing;
mod folder;
mod hashed;
mod listing;
mod lock;
mod metrics;
mod named;
mod record;
mod removal;
mod reopen;
mod repair;
mod resources;
mod setup;
mod tested;
mod trained;
mod training;
mod trial;

pub use catalogue::{Entry, catalogue, run_table};
pub use difference::{difference, setting_differences};
pub use diverged::{DivergedLoss, DivergedRun, all_diverged, diverged_in, diverged_message};
pub use evaluate::{evaluate, evaluate_test};
pub use existing::{Existing, refuse_inputs_in};
pub use folder::{find_moved, missing_folder};
pub use hashed::{Owner, digits, hashed_folder};
pub use listing::trials;
pub use lock::RunLock;
pub use metrics::Metrics;
pub use named::named_folder;
pub use record::{RunRecord, Status};
pub use removal::Removal;
pub use reopen::affects_model;
pub use resources::ResourceEstimate;
pub use setup::Run;
pub use tested::Tested;
pub use trained::{Trained, model_file};
pub use trial::{State, Trial};
