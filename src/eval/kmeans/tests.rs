//! k-means against scikit-learn, and what holds on any points, seed and number of threads.

use ndarray::Array2;
use rand::RngExt;
use serde::Deserialize;

use super::blocks::Blocks;
use super::products::{Centres, ROWS, TILE};
use super::*;
use crate::error::Error;
use crate::eval::agreement::Agreement;
use crate::runtime::Interrupt;

#[derive(Deserialize)]
struct Reference {
    rounds: Vec<Rounds>,
    quality: Vec<Quality>,
}

#[derive(Deserialize)]
struct Rounds {
    name: String,
    made: Made,
    first: Vec<u32>,
    labels: Vec<i64>,
    inertia: f64,
}

/// Means and standard deviations over ten seeds.
#[derive(Deserialize)]
struct Quality {
    name: String,
    made: Made,
    starts: usize,
    nmi: [f64; 2],
    inertia: [f64; 2],
}

/// How `tests/reference/kmeans.py` makes points.
#[derive(Deserialize)]
struct Made {
    seed: u64,
    rows: usize,
    dimensions: usize,
    classes: usize,
    noise: f64,
    #[serde(default)]
    uneven: bool,
}

impl Made {
    fn points(&self) -> (Array2<f32>, Vec<i64>) {
        let Made { rows, dimensions, classes, .. } = *self;
        let class = |row: usize| match self.uneven {
            true => row * row * classes / (rows * rows),
            false => row % classes,
        };
        let values: Vec<f64> = uniform(self.seed).take((classes + rows) * dimensions).collect();
        let points = Array2::from_shape_fn((rows, dimensions), |(row, column)| {
            let centre = values[class(row) * dimensions + column];
            let apart = values[(classes + row) * dimensions + column] - 0.5;
            (centre + self.noise * apart) as f32
        });
        (points, (0..rows).map(|row| class(row) as i64).collect())
    }
}

/// Numbers in 0..1, multiples of 2⁻²⁴, by SplitMix64.
fn uniform(seed: u64) -> impl Iterator<Item = f64> {
    (1_u64..).map(move |number| {
        let z = seed.wrapping_add(number.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let z = (z ^ z >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ z >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ z >> 31) >> 40) as f64 / f64::from(1 << 24)
    })
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("../../../tests/reference/kmeans.json")).unwrap()
}

fn task(clusters: usize, starts: usize, seed: u64) -> Kmeans {
    Kmeans { clusters, starts, iterations: 300, seed }
}

fn found(points: &Array2<f32>, clusters: usize, seed: u64) -> Clustering {
    kmeans(points.view(), &task(clusters, 1, seed), &Watch::default()).unwrap()
}

fn random(rows: usize, dimensions: usize, stream: u64) -> Array2<f32> {
    let mut random = generator(11, Purpose::Sample, stream);
    Array2::from_shape_simple_fn((rows, dimensions), || random.random::<f32>() - 0.5)
}

fn numbers(labels: &[u32]) -> Vec<i64> {
    labels.iter().map(|&label| i64::from(label)).collect()
}

/// Squared distances of points to the means of their clusters, by the definition.
fn inertia(points: &Array2<f32>, labels: &[u32]) -> f64 {
    let points = points.mapv(f64::from);
    let clusters = labels.iter().max().map_or(0, |&most| most as usize + 1);
    let mut means = Array2::<f64>::zeros((clusters, points.ncols()));
    let mut counts = vec![0.0; clusters];
    for (row, &label) in points.rows().into_iter().zip(labels) {
        means.row_mut(label as usize).zip_mut_with(&row, |sum, value| *sum += value);
        counts[label as usize] += 1.0;
    }
    let of = |(row, &label): (ndarray::ArrayView1<f64>, &u32)| {
        let mean = &means.row(label as usize) / counts[label as usize];
        (&row - &mean).mapv(|gap| gap * gap).sum()
    };
    points.rows().into_iter().zip(labels).map(of).sum()
}

#[test]
fn with_the_same_initial_centres_the_clusters_match_scikit_learn() {
    let cases = reference().rounds;
    assert!(cases.len() >= 6);
    for case in cases {
        let (points, _) = case.made.points();
        let blocks = Blocks::new(Points::of(points.view()));
        let limits = (300, 1e-4 * blocks.variance());
        let mut start = Start::at(&blocks, &case.first, &Watch::default()).unwrap();
        start.advance(limits, &Watch::default(), &|_| ()).unwrap();
        let found = start.into_clustering();
        let apart = (found.inertia - case.inertia).abs();
        assert!(apart <= 2e-5 * case.inertia, "{}: {}", case.name, found.inertia);
        let same = Agreement::new(&numbers(&found.labels), &case.labels).nmi();
        assert!(same > 1.0 - 1e-12, "{}: NMI {same} with scikit-learn's", case.name);
    }
}

#[test]
fn nmi_and_inertia_are_no_worse_than_those_of_scikit_learn() {
    let cases = reference().quality;
    assert!(cases.len() >= 3);
    for case in cases {
        let (points, labels) = case.made.points();
        let of_seed = |seed| {
            let task = task(case.made.classes, case.starts, seed);
            let found = kmeans(points.view(), &task, &Watch::default()).unwrap();
            (Agreement::new(&labels, &numbers(&found.labels)).nmi(), found.inertia)
        };
        let all: Vec<(f64, f64)> = (0..10).map(of_seed).collect();
        let nmi = all.iter().map(|one| one.0).sum::<f64>() / 10.0;
        let inertia = all.iter().map(|one| one.1).sum::<f64>() / 10.0;
        assert!(nmi >= case.nmi[0], "{}: NMI {nmi}, not {:?}", case.name, case.nmi);
        assert!(inertia <= case.inertia[0], "{}: {inertia}, not {:?}", case.name, case.inertia);
    }
}

#[test]
fn a_swap_moves_a_surplus_centre_to_two_blobs_that_share_one() {
    // Twelve distant blobs; some initial centres share one, far from a blob without a centre.
    let blob = |row: usize| [10.0 * (row % 4) as f32, 10.0 * (row % 12 / 4) as f32];
    let points = random(1200, 2, 9);
    let points =
        Array2::from_shape_fn((1200, 2), |(row, column)| blob(row)[column] + points[[row, column]]);
    let blocks = Blocks::new(Points::of(points.view()));
    let limits = (300, 1e-4 * blocks.variance());
    let end = |first: &[u32], swapped: bool| {
        let mut start = Start::at(&blocks, first, &Watch::default()).unwrap();
        if swapped {
            swaps::swap(&mut start, limits, &Watch::default(), &|_| ()).unwrap();
        }
        start.advance(limits, &Watch::default(), &|_| ()).unwrap();
        start.into_clustering()
    };
    let best = end(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11], false).inertia;
    for first in [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12],
        [0, 12, 24, 3, 4, 5, 6, 18, 30, 9, 10, 11],
        [0, 12, 24, 36, 48, 60, 72, 84, 96, 108, 120, 132],
    ] {
        assert!(end(&first, false).inertia > 2.0 * best, "no iteration fixes {first:?}");
        let mended = end(&first, true).inertia;
        assert!((mended / best - 1.0).abs() < 1e-9, "{first:?}: {mended}, not {best}");
    }
}

#[test]
fn swaps_respect_the_maximum_number_of_iterations() {
    let points = random(600, 3, 10);
    let blocks = Blocks::new(Points::of(points.view()));
    let first: Vec<u32> = (0..40).collect();
    for most in [1, 2, 4, 7] {
        let mut start = Start::at(&blocks, &first, &Watch::default()).unwrap();
        swaps::swap(&mut start, (most, 0.0), &Watch::default(), &|_| ()).unwrap();
        assert!((1..=most).contains(&start.iterations()), "{most}: {}", start.iterations());
    }
}

#[test]
fn the_result_depends_on_the_seed_but_not_on_threads() {
    for (rows, dimensions, clusters) in [(700, 5, 40), (3000, 70, 9), (261, 3, 261)] {
        let points = random(rows, dimensions, 1);
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| found(&points, clusters, 1))
        };
        let one = with(1);
        assert!([2, 3, 5].into_iter().all(|threads| with(threads) == one), "{rows}");
        assert_ne!(one.labels, found(&points, clusters, 2).labels, "{rows}");
    }
}

#[test]
fn each_point_has_its_nearest_centre_and_inertia_fits_the_definition() {
    for (rows, dimensions, clusters) in [(500, 2, 7), (300, 33, 20), (1000, 1, 3)] {
        let points = random(rows, dimensions, 2);
        let ours = found(&points, clusters, 3);
        let expected = inertia(&points, &ours.labels);
        assert!((ours.inertia / expected - 1.0).abs() < 1e-4, "{} {expected}", ours.inertia);
        let mut used = ours.labels.clone();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), clusters, "no cluster is empty");
    }
}

#[test]
fn scale_and_translation_change_nothing() {
    let points = random(600, 6, 3);
    let here = found(&points, 12, 1);
    for scale in [2.0_f32.powi(-40), 2.0_f32.powi(30)] {
        let there = found(&(&points * scale), 12, 1);
        assert_eq!(there.labels, here.labels, "{scale}");
        let relative = there.inertia / f64::from(scale).powi(2) / here.inertia;
        assert!((relative - 1.0).abs() < 1e-9, "{relative}");
    }
    // Multiples of 2⁻⁸ stay what they are beside 1,000.
    let coarse = points.mapv(|value| (value * 256.0).round() / 256.0);
    let (near, far) = (found(&coarse, 12, 1), found(&(&coarse + 1000.0), 12, 1));
    assert_eq!(near.labels, far.labels);
    assert!((near.inertia / far.inertia - 1.0).abs() < 1e-6);
}

#[test]
fn one_cluster_holds_all_points_and_n_clusters_hold_one_each() {
    let points = random(50, 4, 4);
    let one = found(&points, 1, 1);
    assert!(one.labels.iter().all(|&label| label == 0));
    let each = found(&points, 50, 1);
    let mut labels = each.labels.clone();
    labels.sort_unstable();
    assert_eq!(labels, (0..50).collect::<Vec<u32>>());
    assert_eq!(each.inertia, 0.0);
    let single = found(&points.slice(ndarray::s![..1, ..]).to_owned(), 1, 1);
    assert_eq!((single.labels, single.inertia), (vec![0], 0.0));
}

#[test]
fn equal_points_share_a_cluster_even_with_fewer_distinct_points_than_clusters() {
    for clusters in [3, 7, 10, 40] {
        let centres = random(10, 3, 5);
        let points = Array2::from_shape_fn((200, 3), |(row, column)| centres[[row % 10, column]]);
        let ours = found(&points, clusters, 1);
        assert!((0..200).all(|row| ours.labels[row] == ours.labels[row % 10]), "{clusters}");
        let mut used = ours.labels.clone();
        used.sort_unstable();
        used.dedup();
        assert_eq!(used.len(), clusters.min(10));
    }
    let collapsed = found(&Array2::from_elem((70, 8), 2.5), 5, 1);
    assert!(collapsed.labels.iter().all(|&label| label == collapsed.labels[0]));
    assert_eq!(collapsed.inertia, 0.0);
}

#[test]
fn products_equal_plain_sums_for_any_padding() {
    for (rows, dimensions, clusters) in [(1, 1, 1), (16, 3, TILE), (300, 17, 13), (ROWS + 1, 2, 40)]
    {
        let points = random(rows, dimensions, 6);
        let blocks = Blocks::new(Points::of(points.view()));
        let mut values = vec![0.0; clusters * dimensions];
        for (number, centre) in values.chunks_exact_mut(dimensions).enumerate() {
            blocks.write_point(number % rows, centre);
        }
        let centres = Centres::new(&values, dimensions);
        let (mut labels, mut nearest) = (vec![9; rows], vec![9.0; rows]);
        blocks.nearest(&centres, None, (&mut labels, &mut nearest), &Watch::default());
        let (mut second, mut farther) = (vec![9; rows], vec![9.0; rows]);
        let found = (&mut *second, &mut *farther);
        blocks.nearest(&centres, Some(&labels), found, &Watch::default());
        let mut distances = Vec::new();
        blocks.distances(&centres, &mut distances);
        let mut point = vec![0.0; dimensions];
        for row in 0..rows {
            blocks.write_point(row, &mut point);
            let plain = |centre: &[f32]| {
                let gaps = centre.iter().zip(&point).map(|(a, b)| f64::from(a - b).powi(2));
                gaps.sum::<f64>()
            };
            let expected: Vec<f64> = values.chunks_exact(dimensions).map(plain).collect();
            let least = expected.iter().copied().fold(f64::INFINITY, f64::min);
            let size = 1e-5 * dimensions as f64;
            assert!((expected[labels[row] as usize] - least).abs() < size, "{row}");
            assert!((f64::from(nearest[row]) - least).abs() < size, "{row}");
            let others = (0..clusters).filter(|&centre| centre != labels[row] as usize);
            match others.map(|centre| expected[centre]).reduce(f64::min) {
                Some(least) => {
                    assert!((expected[second[row] as usize] - least).abs() < size, "{row}");
                    assert!((f64::from(farther[row]) - least).abs() < size, "{row}");
                    assert_ne!(second[row], labels[row]);
                }
                None => assert_eq!(farther[row], f32::INFINITY),
            }
            for (number, expected) in expected.iter().enumerate() {
                let chunk = &distances[row / ROWS * ROWS * centres.padded()..];
                let ours = f64::from(chunk[number * ROWS + row % ROWS]);
                assert!((ours - expected).abs() < size, "{row} {number}: {ours} {expected}");
            }
        }
    }
}

#[test]
fn concurrent_initialisations_equal_sequential_ones() {
    let points = random(500, 4, 8);
    let blocks = Blocks::new(Points::of(points.view()));
    for starts in [1, 2, 3, 4, 5, 10] {
        let task = task(12, starts, 3);
        let tolerance = 1e-4 * blocks.variance();
        let search = Search { blocks: &blocks, task: &task, tolerance, watch: &Watch::default() };
        let begin = |number| search.begin(number, &search.progress(&[number])).unwrap();
        let mut running: Vec<_> = (0..starts).map(begin).collect();
        running.sort_by(|a, b| a.0.total_cmp(&b.0));
        running.truncate(FINALISTS);
        for (inertia, _, start) in &mut running {
            let limits = (task.iterations, tolerance);
            swaps::swap(start, limits, search.watch, &|_| ()).unwrap();
            start.advance(limits, search.watch, &|_| ()).unwrap();
            *inertia = start.inertia();
        }
        let best = running.into_iter().min_by(|a, b| a.0.total_cmp(&b.0)).unwrap();
        let expected = best.2.into_clustering();
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let found = pool.install(|| kmeans(points.view(), &task, &Watch::default()));
            assert_eq!(found.unwrap(), expected, "{starts} starts, {threads} threads");
        }
    }
}

#[test]
fn an_interrupt_stops_k_means() {
    let points = random(400, 4, 7);
    let stages = [
        ("k-means, centre 1", 1),
        ("k-means, iteration 1", 1),
        ("k-means, iteration 2", 1),
        ("k-means, iteration 6", 1),
        ("k-means 3–4 of 5, iteration 2", 5),
        ("k-means 5 of 5, centre 2", 5),
        ("k-means, best 3 of 5, iteration 6", 5),
    ];
    for (stage, starts) in stages {
        let interrupt = Interrupt::default();
        let show = |shown: &str| {
            if shown == stage {
                interrupt.request();
            }
        };
        let watch = Watch::new(&interrupt, &show);
        let stopped = kmeans(points.view(), &task(20, starts, 1), &watch).unwrap_err();
        assert!(matches!(stopped, Error::Interrupted(_)), "{stage}: {stopped}");
    }
}
