//! One branch of a siamese network: a forward pass that remembers, and its backward pass.

use tch::{Kind, Tensor, no_grad_guard};

use super::{BLOCKS, EPSILON, KERNEL, Parameters};

/// What BatchNorm normalises by.
#[derive(Clone, Copy, PartialEq)]
enum Mode {
    /// The batch's own statistics, which replace those that are handed in.
    Train,
    /// The statistics that are handed in.
    Evaluate,
}

/// The working place of one branch: leaves that share the network's parameters, room for the
/// batch statistics, and the graph of the last forward pass.
///
/// A branch shares nothing but parameter memory with its siblings and can work on any thread,
/// as long as nobody moves the parameters meanwhile.
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
        let seen = embeddings.detach();
        self.embeddings = Some(embeddings);
        seen
    }

    /// Mean and unbiased variance of the last batch in each BatchNorm, laid out as
    /// `Parameters::statistics`.
    pub fn batch_statistics(&self) -> &Tensor {
        &self.batch_statistics
    }

    /// ∂loss/∂embeddings → ∂loss/∂parameters, flat.
    ///
    /// The gradient of Σ embeddings · g, with g held fixed, is the chain rule's product.
    pub fn backward(&mut self, gradient: &Tensor) -> Tensor {
        let embeddings = self.embeddings.take().expect("backward follows forward");
        let product = (embeddings * gradient).sum(Kind::Float);
        let gradients = Tensor::run_backward(&[product], &self.leaves, false, false);
        Parameters::flatten(&gradients)
    }
}

/// The network in evaluation mode: views of its parameters and running statistics that can go
/// to another thread.
pub(super) struct Evaluator {
    weights: Vec<Tensor>,
    statistics: Vec<(Tensor, Tensor)>,
}

impl Evaluator {
    pub fn new(parameters: &Parameters) -> Evaluator {
        Evaluator {
            // Without a graph, which nobody needs here and a recorded program cannot hold.
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

/// The network itself. `weights` stand in PyTorch's order, `statistics` one a BatchNorm.
fn embed(
    weights: &[Tensor],
    statistics: &[(Tensor, Tensor)],
    images: &Tensor,
    mode: Mode,
) -> Tensor {
    let mut weights = weights.iter();
    let mut next = || weights.next().expect("one tensor a parameter");
    let mut statistics = statistics.iter();
    let mut x = images.shallow_clone();
    for block in &BLOCKS {
        let (weight, bias) = (next(), next());
        x = x.conv2d(weight, Some(bias), [1, 1], [KERNEL / 2, KERNEL / 2], [1, 1], 1).relu_();
        if block.norm.is_some() {
            let (mean, variance) = statistics.next().expect("one pair a BatchNorm");
            x = batch_norm(&x, next(), next(), mean, variance, mode);
        }
        if block.pool {
            x = x.max_pool2d([2, 2], [2, 2], [0, 0], [1, 1], false);
        }
    }
    // One channel: rows and columns lie in order whatever the memory format.
    let features = x.flatten(1, -1);
    let hidden = features.linear(next(), Some(next()));
    hidden.linear(next(), Some(next()))
}

/// BatchNorm over batch, rows and columns.
///
/// In training the momentum is 1, so that `mean` and `variance` come out as the batch's own; the
/// network mixes them into its running statistics, branch by branch, in a fixed order.
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
