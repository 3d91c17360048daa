//! Hooks that see the network while it is trained.

use super::RunProgress;
use crate::error::Result;
use crate::model::Network;

/// Whether training continues after an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EpochDecision {
    /// Train the next epoch.
    Continue,
    /// Stop as if this epoch were the last.
    Stop,
}

/// Sees the network between steps. It must not change the network, and after an interruption it may
/// see the same step again.
pub trait Observer {
    /// Steps between two calls of [`Observer::after_steps`]; `None` for no calls.
    fn step_interval(&self) -> Option<usize> {
        None
    }

    /// Called after this many steps since training began; 0 is before the first.
    ///
    /// # Errors
    /// Whatever the observer returns; it ends training.
    fn after_steps(&mut self, _steps: usize, _network: &mut dyn Network) -> Result<()> {
        Ok(())
    }

    /// Called after an epoch (counted from 1), before its checkpoint is written.
    ///
    /// # Errors
    /// Whatever the observer returns; it ends training.
    fn after_epoch(
        &mut self,
        _epoch: usize,
        _network: &mut dyn Network,
        _progress: &RunProgress,
    ) -> Result<EpochDecision> {
        Ok(EpochDecision::Continue)
    }
}

/// No hooks.
pub struct NoObserver;

impl Observer for NoObserver {}
