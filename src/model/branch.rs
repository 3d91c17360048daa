//! One branch of a siamese network: forward and backward pass.

use std::sync::Arc;

use tch::{Kind, Tensor, no_grad_guard};

use super::architecture::Architecture;
use super::parameters::Parameters;
use super::tensors::{Mode, Tensors};

/// The state of one branch: leaf tensors that share the network's parameters, memory for the batch
/// statistics, and the graph of the last forward pass.
///
/// Branches share only parameter memory, so each can run on any thread as long as nothing updates
/// the parameters meanwhile.
pub(super) struct Branch {
    architecture: Arc<dyn Architecture>,
    /// Leaves, and views of `batch_statistics`.
    tensors: Tensors,
    batch_statistics: Tensor,
    embeddings: Option<Tensor>,
}

impl Branch {
    pub fn new(architecture: &Arc<dyn Architecture>, parameters: &Parameters) -> Branch {
        let batch_statistics = parameters.statistics.zeros_like();
        let tensors = Tensors {
            trained: parameters.leaves(),
            running: parameters.statistic_views(&batch_statistics),
        };
        let architecture = Arc::clone(architecture);
        Branch { architecture, tensors, batch_statistics, embeddings: None }
    }

    /// Embeds a batch in training mode and keeps the graph.
    pub fn forward(&mut self, images: &Tensor) -> Tensor {
        let embeddings = self.architecture.forward(images, &self.tensors, Mode::Train);
        let detached = embeddings.detach();
        self.embeddings = Some(embeddings);
        detached
    }

    /// The statistics of the last batch, in the layout of `Parameters::statistics`.
    pub fn batch_statistics(&self) -> &Tensor {
        &self.batch_statistics
    }

    /// ∂loss/∂embeddings → ∂loss/∂parameters, as one flat vector.
    ///
    /// By the chain rule this is the gradient of Σ embeddings · g with constant g.
    pub fn backward(&mut self, gradient: &Tensor) -> Tensor {
        let embeddings = self.embeddings.take().expect("backward follows forward");
        let product = (embeddings * gradient).sum(Kind::Float);
        let gradients = Tensor::run_backward(&[product], &self.tensors.trained, false, false);
        Parameters::flatten(&gradients)
    }
}

/// The network in evaluation mode: views of its parameters and running statistics that can move to
/// another thread.
pub(super) struct Evaluator {
    architecture: Arc<dyn Architecture>,
    tensors: Tensors,
}

impl Evaluator {
    pub fn new(architecture: &Arc<dyn Architecture>, parameters: &Parameters) -> Evaluator {
        let tensors = Tensors {
            // Detached: no graph is needed here, and a traced program cannot contain one.
            trained: parameters.leaves().iter().map(Tensor::detach).collect(),
            running: parameters.statistic_views(&parameters.statistics),
        };
        Evaluator { architecture: Arc::clone(architecture), tensors }
    }

    /// Embeds images `[N, C, H, W]` → `[N, E]`.
    pub fn embed(&self, images: &Tensor) -> Tensor {
        let _guard = no_grad_guard();
        self.architecture.forward(images, &self.tensors, Mode::Evaluate)
    }
}
