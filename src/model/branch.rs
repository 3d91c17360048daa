//! One branch of a siamese network: forward and backward pass.

use tch::{Kind, Tensor, no_grad_guard};

use super::architecture::{BLOCKS, KERNEL};
use super::network::EPSILON;
use super::parameters::Parameters;

/// Which statistics BatchNorm uses.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// Those of the batch, which overwrite the given ones.
    Train,
    /// The given ones.
    Evaluate,
}

/// The state of one branch: leaf tensors that share the network's parameters, memory for the batch
/// statistics, and the graph of the last forward pass.
///
/// Branches share only parameter memory, so each can run on any thread as long as nothing updates
/// the parameters meanwhile.
pub(super) struct Branch {
    leaves: Vec<Tensor>,
    batch_statistics: Tensor,
    statistic_views: Vec<(Tensor, Tensor)>,
    embeddings: Option<Tensor>,
}

impl Branch {
    pub fn new(parameters: &Parameters) -> Branch {
        let batch_statistics = parameters.statistics.zeros_like();
        Branch {
            leaves: parameters.leaves(),
            statistic_views: parameters.statistic_views(&batch_statistics),
            batch_statistics,
            embeddings: None,
        }
    }

    /// Embeds a batch in training mode and keeps the graph.
    pub fn forward(&mut self, images: &Tensor) -> Tensor {
        let embeddings = embed(&self.leaves, &self.statistic_views, images, Mode::Train);
        let detached = embeddings.detach();
        self.embeddings = Some(embeddings);
        detached
    }

    /// Mean and unbiased variance of the last batch in each BatchNorm, in the layout of
    /// `Parameters::statistics`.
    pub fn batch_statistics(&self) -> &Tensor {
        &self.batch_statistics
    }

    /// ∂loss/∂embeddings → ∂loss/∂parameters, as one flat vector.
    ///
    /// By the chain rule this is the gradient of Σ embeddings · g with constant g.
    pub fn backward(&mut self, gradient: &Tensor) -> Tensor {
        let embeddings = self.embeddings.take().expect("backward follows forward");
        let product = (embeddings * gradient).sum(Kind::Float);
        let gradients = Tensor::run_backward(&[product], &self.leaves, false, false);
        Parameters::flatten(&gradients)
    }
}

/// The network in evaluation mode: views of its parameters and running statistics that can move to
/// another thread.
pub(super) struct Evaluator {
    weights: Vec<Tensor>,
    statistics: Vec<(Tensor, Tensor)>,
}

impl Evaluator {
    pub fn new(parameters: &Parameters) -> Evaluator {
        Evaluator {
            // Detached: no graph is needed here, and a traced program cannot contain one.
            weights: parameters.leaves().iter().map(Tensor::detach).collect(),
            statistics: parameters.statistic_views(&parameters.statistics),
        }
    }

    /// Embeds images `[N, 1, S, S]` → `[N, E]`.
    pub fn embed(&self, images: &Tensor) -> Tensor {
        let _guard = no_grad_guard();
        embed(&self.weights, &self.statistics, images, Mode::Evaluate)
    }
}

/// The network itself. `weights` are in PyTorch's order; `statistics` has one pair per BatchNorm.
fn embed(
    weights: &[Tensor],
    statistics: &[(Tensor, Tensor)],
    images: &Tensor,
    mode: Mode,
) -> Tensor {
    let mut weights = weights.iter();
    let mut next = || weights.next().expect("one tensor per parameter");
    let mut statistics = statistics.iter();
    let mut x = images.shallow_clone();
    for block in &BLOCKS {
        let (weight, bias) = (next(), next());
        x = x.conv2d(weight, Some(bias), [1, 1], [KERNEL / 2, KERNEL / 2], [1, 1], 1).relu_();
        if block.norm.is_some() {
            let (mean, variance) = statistics.next().expect("one pair per BatchNorm");
            x = batch_norm(&x, next(), next(), mean, variance, mode);
        }
        if block.pool {
            x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        }
    }
    // With one channel, flattening gives the same order in any memory format.
    let features = x.flatten(1, -1);
    let hidden = features.linear(next(), Some(next()));
    hidden.linear(next(), Some(next()))
}

/// BatchNorm over batch, rows and columns.
///
/// In training the momentum is 1, so that `mean` and `variance` become those of the batch; the
/// network updates its running statistics with them, branch by branch, in a fixed order.
fn batch_norm(
    x: &Tensor,
    weight: &Tensor,
    bias: &Tensor,
    mean: &Tensor,
    variance: &Tensor,
    mode: Mode,
) -> Tensor {
    let training = mode == Mode::Train;
    x.batch_norm(Some(weight), Some(bias), Some(mean), Some(variance), training, 1.0, EPSILON, true)
}
