//! Somebody who looks at a network while it is trained.

use super::RunProgress;
use crate::error::Result;
use crate::model::Network;

/// What is to become of a training after a look at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochDecision {
    /// Go on.
    Continue,
    /// End as if this epoch were the last.
    Stop,
}

/// Looks at a network between steps. It must leave the network as it is; whatever it writes has to
/// bear being told of the same step again, after an interruption.
pub trait Observer {
    /// Steps between two calls of [`Observer::after_steps`]; none for no such call.
    fn every(&self) -> Option<usize> {
        None
    }

    /// After so many steps of the whole training, at 0 before the first.
    ///
    /// # Errors
    /// Its own.
    fn after_steps(&mut self, _steps: usize, _network: &mut dyn Network) -> Result<()> {
        Ok(())
    }

    /// After an epoch (from 1), before its checkpoint is written.
    ///
    /// # Errors
    /// Its own.
    fn after_epoch(
        &mut self,
        _epoch: usize,
        _network: &mut dyn Network,
        _progress: &RunProgress,
    ) -> Result<EpochDecision> {
        Ok(EpochDecision::Continue)
    }
}

/// Nobody looks.
pub struct NoObserver;

impl Observer for NoObserver {}
