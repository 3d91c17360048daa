//! Lloyd's iterations: assign each point to its nearest centre, move each centre to the mean of its
//! points.

use rayon::prelude::*;

use super::super::watch::Watch;
use super::blocks::Blocks;
use super::products::Centres;
use crate::error::Result;

/// The result of k-means.
#[derive(Debug, Clone, PartialEq)]
pub struct Clustering {
    /// Cluster of each point `[N]`, values in 0..k.
    pub labels: Vec<u32>,
    /// Sum of squared distances of all points to the centres of their clusters.
    pub inertia: f64,
    /// Iterations of the best initialisation, with those of rejected swaps.
    pub iterations: usize,
}

/// A centre moved to another cluster.
pub struct Swap {
    pub removed: usize,
    pub split: usize,
    /// Initial centres of the two halves of the split cluster.
    pub halves: [Vec<f32>; 2],
}

/// The second-nearest centre of each point.
pub struct SecondNearest<'a> {
    /// Squared distance to the nearest `[N]`.
    pub nearest: &'a [f32],
    /// Squared distance to the second-nearest `[N]`.
    pub distances: Vec<f32>,
    /// Its index `[N]`.
    pub centres: Vec<u32>,
}

/// An initialisation and its iterations so far. Labels and distances always belong to `centres`.
#[derive(Clone)]
pub struct Start<'a> {
    blocks: &'a Blocks<'a>,
    /// `[K, D]`.
    centres: Vec<f32>,
    /// Nearest centre of each point `[N]`.
    labels: Vec<u32>,
    /// Squared distance to it `[N]`.
    distances: Vec<f32>,
    iterations: usize,
    converged: bool,
}

impl<'a> Start<'a> {
    /// Initialises the centres with these points.
    ///
    /// # Errors
    /// The user pressed Ctrl-C.
    pub fn at(blocks: &'a Blocks<'a>, rows: &[u32], watch: &Watch) -> Result<Start<'a>> {
        let (dimensions, count) = (blocks.dimensions(), blocks.len());
        let mut centres = vec![0.0; rows.len() * dimensions];
        for (centre, &row) in centres.chunks_exact_mut(dimensions).zip(rows) {
            blocks.write_point(row as usize, centre);
        }
        let (labels, distances) = (vec![0; count], vec![0.0; count]);
        let mut start =
            Start { blocks, centres, labels, distances, iterations: 0, converged: false };
        start.assign(watch)?;
        Ok(start)
    }

    /// Iterates until no point changes its cluster, the centres move by at most the tolerance (sum of
    /// squared displacements), or `most` iterations are done in total; `begun` receives each iteration
    /// when it begins.
    ///
    /// # Errors
    /// The user pressed Ctrl-C.
    pub fn advance(
        &mut self,
        (most, tolerance): (usize, f64),
        watch: &Watch,
        begun: &dyn Fn(usize),
    ) -> Result<()> {
        while !self.converged && self.iterations < most {
            self.iterations += 1;
            begun(self.iterations);
            let mut members = Members(self.members());
            members.fill_empty(&self.labels, &self.distances);
            let moved = members.move_centres(self.blocks, &mut self.centres);
            let before = self.labels.clone();
            self.assign(watch)?;
            self.converged = moved <= tolerance || self.labels == before;
        }
        Ok(())
    }

    fn assign(&mut self, watch: &Watch) -> Result<()> {
        let centres = Centres::new(&self.centres, self.blocks.dimensions());
        self.blocks.nearest(&centres, None, (&mut self.labels, &mut self.distances), watch);
        watch.check()
    }

    /// Moves centres to other clusters; iterations may follow.
    ///
    /// # Errors
    /// The user pressed Ctrl-C.
    pub fn swap_centres(&mut self, swaps: &[Swap], watch: &Watch) -> Result<()> {
        let dimensions = self.blocks.dimensions();
        for Swap { removed, split, halves } in swaps {
            for (cluster, half) in [split, removed].into_iter().zip(halves) {
                self.centres[cluster * dimensions..][..dimensions].copy_from_slice(half);
            }
        }
        self.converged = false;
        self.assign(watch)
    }

    /// Iterations so far.
    pub fn iterations(&self) -> usize {
        self.iterations
    }

    /// Counts the iterations of a rejected attempt.
    pub fn count_iterations_of(&mut self, tried: &Start) {
        self.iterations = tried.iterations;
    }

    /// The points of each cluster, ascending.
    pub fn members(&self) -> Vec<Vec<u32>> {
        let mut members = vec![Vec::new(); self.centres.len() / self.blocks.dimensions()];
        for (row, &label) in (0_u32..).zip(&self.labels) {
            members[label as usize].push(row);
        }
        members
    }

    /// The centre of a cluster, in the scale of the blocks.
    pub fn centre(&self, cluster: usize) -> &[f32] {
        let dimensions = self.blocks.dimensions();
        &self.centres[cluster * dimensions..][..dimensions]
    }

    /// A point, in the scale of the blocks.
    pub fn point(&self, row: usize) -> Vec<f32> {
        let mut point = vec![0.0; self.blocks.dimensions()];
        self.blocks.write_point(row, &mut point);
        point
    }

    /// The second-nearest centre of each point.
    ///
    /// # Errors
    /// The user pressed Ctrl-C.
    pub fn second_nearest(&self, watch: &Watch) -> Result<SecondNearest<'_>> {
        let centres = Centres::new(&self.centres, self.blocks.dimensions());
        let (labels, distances) = (vec![0; self.labels.len()], vec![0.0; self.labels.len()]);
        let mut second = SecondNearest { nearest: &self.distances, distances, centres: labels };
        let found = (&mut *second.centres, &mut *second.distances);
        self.blocks.nearest(&centres, Some(&self.labels), found, watch);
        watch.check()?;
        Ok(second)
    }

    /// Inertia in the scale of the blocks.
    pub fn inertia(&self) -> f64 {
        self.blocks.inertia(&self.centres, &self.labels)
    }

    /// The current clusters.
    pub fn into_clustering(self) -> Clustering {
        let inertia = self.inertia() * self.blocks.scale().powi(2);
        Clustering { inertia, iterations: self.iterations, labels: self.labels }
    }
}

/// The points of each cluster, ascending.
struct Members(Vec<Vec<u32>>);

impl Members {
    /// Gives each empty cluster the point farthest from its centre, as long as there are points away
    /// from their centre whose cluster keeps other points.
    fn fill_empty(&mut self, labels: &[u32], distances: &[f32]) {
        let empty: Vec<usize> =
            (0..self.0.len()).filter(|&cluster| self.0[cluster].is_empty()).collect();
        if empty.is_empty() {
            return;
        }
        let mut farthest: Vec<u32> =
            (0..labels.len() as u32).filter(|&row| distances[row as usize] > 0.0).collect();
        let distance = |row: u32| distances[row as usize];
        farthest.sort_unstable_by(|&a, &b| distance(b).total_cmp(&distance(a)).then(a.cmp(&b)));
        let mut farthest = farthest.into_iter();
        for cluster in empty {
            let Some(row) = farthest.find(|&row| self.0[labels[row as usize] as usize].len() > 1)
            else {
                return;
            };
            self.0[labels[row as usize] as usize].retain(|&member| member != row);
            self.0[cluster].push(row);
        }
    }

    /// Moves each centre `[K, D]` to the mean of its points; centres of empty clusters stay. Returns
    /// the sum of squared displacements.
    fn move_centres(&self, blocks: &Blocks, centres: &mut [f32]) -> f64 {
        let dimensions = blocks.dimensions();
        let displacements: Vec<f64> = centres
            .par_chunks_mut(dimensions)
            .zip(&self.0)
            .map_init(
                || vec![0.0; dimensions],
                |mean, (centre, members)| {
                    if members.is_empty() {
                        return 0.0;
                    }
                    blocks.write_mean(members, mean);
                    let squared = |(new, old): (&f32, &f32)| f64::from(new - old).powi(2);
                    let displacement = mean.iter().zip(&*centre).map(squared).sum();
                    centre.copy_from_slice(mean);
                    displacement
                },
            )
            .collect();
        displacements.iter().sum()
    }
}
