//! The default engine: parallel gradient descent with FFT-based repulsion.
//!
//! # Schedule
//! That of openTSNE with two changes. As there, the learning rate is N / exaggeration, the gain of a
//! coordinate grows by 0.2 if gradient and velocity disagree and shrinks by a factor of 0.8 if they
//! agree, and no step is longer than 5. But the exaggeration phase is shorter, and the momentum after it
//! is 0.9 instead of 0.8, which reaches a lower divergence in two thirds of the steps.
//!
//! # Reproducibility
//! The result for a point does not depend on the thread that computes it, and sums over points have a
//! fixed order: the same bits on any number of threads.

use rayon::prelude::*;

use super::affinities::Affinities;
use super::repulsion::Repulsion;

/// Points per parallel task.
const CHUNK: usize = 256;

/// Maximum step length.
const LONGEST_STEP: f32 = 5.0;

/// A phase of the descent with constant settings.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Phase {
    steps: usize,
    /// Factor on the affinities.
    exaggeration: f32,
    learning_rate: f32,
    momentum: f32,
}

/// Early exaggeration for a fifth of the steps, then none.
fn phases(points: usize, steps: usize) -> [Phase; 2] {
    let exaggerated = steps / 5;
    let rate = points as f32;
    [
        Phase { steps: exaggerated, exaggeration: 12.0, learning_rate: rate / 12.0, momentum: 0.8 },
        Phase { steps: steps - exaggerated, exaggeration: 1.0, learning_rate: rate, momentum: 0.9 },
    ]
}

/// Runs the descent from initial positions; `progress` receives the steps done and their total after
/// each.
///
/// `None` if the descent diverges to infinity, or so far that the grid no longer resolves the map.
pub(super) fn descend(
    start: &[[f64; 2]],
    affinities: &Affinities,
    steps: usize,
    progress: &dyn Fn(usize, usize),
) -> Option<Vec<[f64; 2]>> {
    let mut descent = Descent::from(start);
    let mut done = 0;
    for phase in phases(start.len(), steps) {
        for _ in 0..phase.steps {
            if !descent.step(affinities, &phase) {
                return None;
            }
            done += 1;
            progress(done, steps);
        }
    }
    Some(descent.coordinates())
}

/// A map during the descent.
struct Descent {
    map: Vec<[f32; 2]>,
    motions: Vec<Motion>,
    attraction: Vec<[f32; 2]>,
    repulsion: Vec<[f32; 2]>,
    repel: Repulsion,
}

impl Descent {
    fn from(start: &[[f64; 2]]) -> Descent {
        let points = start.len();
        Descent {
            map: start.iter().map(|point| point.map(|value| value as f32)).collect(),
            motions: vec![Motion { velocity: [0.0; 2], gains: [1.0; 2] }; points],
            attraction: vec![[0.0; 2]; points],
            repulsion: vec![[0.0; 2]; points],
            repel: Repulsion::new(points),
        }
    }

    fn coordinates(&self) -> Vec<[f64; 2]> {
        self.map.iter().map(|point| point.map(f64::from)).collect()
    }

    /// Takes one step; false if the map is then not finite, or too wide for the grid.
    fn step(&mut self, affinities: &Affinities, phase: &Phase) -> bool {
        attract(affinities, &self.map, &mut self.attraction);
        let z = self.repel.forces(&self.map, &mut self.repulsion);
        // On a map so wide that the grid no longer resolves the kernel, the sum is meaningless.
        if z.is_nan() || z <= 0.0 {
            return false;
        }
        let centre = self.advance(phase, (1.0 / z) as f32);
        self.map.iter_mut().for_each(|point| {
            *point = [point[0] - centre[0], point[1] - centre[1]];
        });
        centre.iter().all(|value| value.is_finite())
    }

    /// Moves every point and returns the mean of the new positions; repulsion is multiplied by `scale`.
    fn advance(&mut self, phase: &Phase, scale: f32) -> [f32; 2] {
        let forces = self.attraction.par_chunks(CHUNK).zip(self.repulsion.par_chunks(CHUNK));
        let points = self.map.par_chunks_mut(CHUNK).zip(self.motions.par_chunks_mut(CHUNK));
        let of_chunk = points.zip(forces).map(|((map, motions), (attraction, repulsion))| {
            let mut sum = [0.0_f64; 2];
            let forces = attraction.iter().zip(repulsion);
            for ((point, motion), (pull, push)) in map.iter_mut().zip(motions).zip(forces) {
                let gradient =
                    [0, 1].map(|axis| phase.exaggeration * pull[axis] - scale * push[axis]);
                motion.update(phase, gradient);
                for axis in 0..2 {
                    point[axis] += motion.velocity[axis];
                    sum[axis] += f64::from(point[axis]);
                }
            }
            sum
        });
        let sums: Vec<[f64; 2]> = of_chunk.collect();
        let points = self.map.len() as f64;
        [0, 1].map(|axis| (sums.iter().map(|sum| sum[axis]).sum::<f64>() / points) as f32)
    }
}

/// Velocity and gains of a point along each axis.
#[derive(Debug, Clone, Copy)]
struct Motion {
    /// The last step.
    velocity: [f32; 2],
    /// Factors on the learning rate.
    gains: [f32; 2],
}

impl Motion {
    /// Updates the velocity, clipped to the maximum step length.
    fn update(&mut self, phase: &Phase, gradient: [f32; 2]) {
        for (axis, gradient) in gradient.into_iter().enumerate() {
            let (velocity, gain) = (&mut self.velocity[axis], &mut self.gains[axis]);
            let agree = gradient * *velocity > 0.0;
            *gain = if agree { 0.8 * *gain + 0.01 } else { *gain + 0.2 };
            *velocity = phase.momentum * *velocity - phase.learning_rate * *gain * gradient;
        }
        let [x, y] = self.velocity;
        let length = (x * x + y * y).sqrt();
        if length > LONGEST_STEP {
            self.velocity = [x, y].map(|value| value * (LONGEST_STEP / length));
        }
    }
}

/// Writes Σⱼ pᵢⱼ·w·(yᵢ − yⱼ) of each point, w = 1/(1 + ‖yᵢ − yⱼ‖²).
fn attract(affinities: &Affinities, map: &[[f32; 2]], forces: &mut [[f32; 2]]) {
    forces.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, forces)| {
        for (i, force) in (chunk * CHUNK..).zip(forces) {
            *force = [0.0; 2];
            for (j, p) in affinities.row(i) {
                let (x, y) = (map[i][0] - map[j][0], map[i][1] - map[j][1]);
                let pull = p / (1.0 + x * x + y * y);
                *force = [force[0] + pull * x, force[1] + pull * y];
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::tsne::divergence::divergence;
    use crate::eval::tsne::neighbours::neighbourhoods;
    use crate::eval::tsne::pca;
    use crate::random::{Purpose, generator};
    use ndarray::Array2;
    use rand::RngExt;

    #[test]
    fn grid_based_repulsion_gives_as_good_a_map_as_exact_repulsion() {
        let mut random = generator(1, Purpose::Sample, 0);
        let points = Array2::from_shape_simple_fn((1200, 5), || random.random::<f32>());
        let neighbours = neighbourhoods(points.view(), 31).unwrap();
        let affinities = Affinities::new(neighbours, 10.0);
        let start = pca::start(points.view(), 1);
        let kl = |repel: Repulsion| {
            let mut descent = Descent { repel, ..Descent::from(&start) };
            for phase in phases(1200, 300) {
                (0..phase.steps).for_each(|_| assert!(descent.step(&affinities, &phase)));
            }
            divergence(&affinities, &descent.coordinates())
        };
        let (grid, pairs) = (kl(Repulsion::new(1200)), kl(Repulsion::new(0)));
        assert!((grid / pairs - 1.0).abs() < 0.01, "{grid} for {pairs}");
        assert_ne!(grid, pairs);
    }

    #[test]
    fn the_phases_use_all_steps_and_each_at_least_one() {
        for steps in 20..300 {
            let phases = phases(100, steps);
            assert_eq!(phases.iter().map(|phase| phase.steps).sum::<usize>(), steps);
            assert!(phases.iter().all(|phase| phase.steps > 0));
        }
    }

    #[test]
    fn gains_grow_when_gradient_and_velocity_disagree_and_steps_are_clipped() {
        let [_, phase] = phases(10, 100);
        let mut motion = Motion { velocity: [0.1, -0.1], gains: [1.0, 1.0] };
        motion.update(&phase, [0.01, 0.01]);
        let near = |found: [f32; 2], expected: [f32; 2]| {
            found.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-5)
        };
        assert!(near(motion.gains, [0.81, 1.2]), "{motion:?}");
        assert!(near(motion.velocity, [0.09 - 0.081, -0.09 - 0.12]), "{motion:?}");
        motion = Motion { velocity: [0.0; 2], gains: [1.0; 2] };
        motion.update(&phase, [300.0, 400.0]);
        assert!(near(motion.velocity, [-3.0, -4.0]), "{motion:?}");
    }
}
