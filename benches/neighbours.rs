//! Nearest-neighbour search by linfa-nn's k-d tree and by blocks, over size, dimensions and k.
//!
//! Run by hand: `cargo bench --bench neighbours`, with part of a name after `--` to select some. Points
//! form ten clusters, as embeddings do.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use dml::eval::{Search, nearest_by};
use dml::random::{Purpose, generator};
use ndarray::{Array2, s};
use rand::RngExt;

/// Points in ten clusters, about three times as far apart as they are wide.
fn clusters(rows: usize, dimensions: usize) -> Array2<f32> {
    let mut random = generator(1, Purpose::Sample, dimensions as u64);
    // The sum of four uniform numbers is close to normally distributed.
    let mut normal = || (0..4).map(|_| random.random::<f32>() - 0.5).sum::<f32>();
    let centres = Array2::from_shape_simple_fn((10, dimensions), || 3.0 * normal());
    Array2::from_shape_fn((rows, dimensions), |(row, dimension)| {
        centres[(row % 10, dimension)] + normal()
    })
}

fn neighbours(criterion: &mut Criterion) {
    for (references, queries) in [(1_000, 1_000), (57_000, 3_000)] {
        for dimensions in [2, 10, 128] {
            let points = clusters(references + queries, dimensions);
            let sets = points.view().split_at(ndarray::Axis(0), references);
            let name = format!("{references} references, {queries} queries, {dimensions}-D");
            let mut group = criterion.benchmark_group(name);
            group.sample_size(10).measurement_time(Duration::from_secs(2));
            for k in [1, 10, 92] {
                for search in [Search::Tree, Search::Blocked] {
                    // In many dimensions the tree visits every point.
                    if search == Search::Tree && references * dimensions > 1_000_000 {
                        continue;
                    }
                    let id = BenchmarkId::new(format!("{search:?}"), k);
                    group.bench_with_input(id, &k, |bencher, &k| {
                        bencher.iter(|| {
                            nearest_by(search, sets.0, sets.1, k).expect("points without NaN")
                        });
                    });
                }
            }
        }
    }
}

/// All nearest neighbours within one set, as t-SNE needs them.
fn within_one_set(criterion: &mut Criterion) {
    let points = clusters(20_000, 10);
    let mut group = criterion.benchmark_group("within one set, 10-D");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    for rows in [5_000, 20_000] {
        let points = points.slice(s![..rows, ..]);
        group.bench_function(BenchmarkId::new("Blocked, k = 92", rows), |bencher| {
            bencher.iter(|| {
                nearest_by(Search::Blocked, points, points, 92).expect("points without NaN")
            });
        });
    }
}

criterion_group!(benches, neighbours, within_one_set);
criterion_main!(benches);
