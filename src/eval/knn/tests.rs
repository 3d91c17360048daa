//! Both searches compared with scikit-learn, with a loop over all pairs, and with each other.

use std::time::Duration;

use super::nearest as nearest_of_choice;
use super::*;
use crate::random::{Generator, Purpose, generator};
use rand::RngExt;
use serde::Deserialize;

const SEARCHES: [Search; 2] = [Search::Tree, Search::Blocked];

/// By both searches, which must give the same bits.
fn nearest(references: ArrayView2<f32>, queries: ArrayView2<f32>, k: usize) -> Result<Neighbours> {
    let chosen = nearest_of_choice(references, queries, k);
    for search in SEARCHES {
        match (&chosen, &nearest_by(search, references, queries, k)) {
            (Ok(chosen), Ok(found)) => assert_same(chosen, found),
            (Err(chosen), Err(found)) => assert_eq!(chosen.to_string(), found.to_string()),
            _ => panic!("{search:?} and the choice differ in whether it can be searched"),
        }
    }
    chosen
}

fn assert_same(a: &Neighbours, b: &Neighbours) {
    assert_eq!(a.indices, b.indices);
    let bits = |found: &Neighbours| found.distances.mapv(f32::to_bits);
    assert_eq!(bits(a), bits(b));
}

#[derive(Deserialize)]
struct Reference {
    neighbours: Case,
}

#[derive(Deserialize)]
struct Case {
    references: Vec<[f32; 3]>,
    labels: Vec<i64>,
    queries: Vec<[f32; 3]>,
    k: usize,
    indices: Vec<Vec<u32>>,
    distances: Vec<Vec<f32>>,
    predictions: std::collections::BTreeMap<usize, Vec<(usize, i64)>>,
}

fn case() -> Case {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/metrics.json");
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Reference>(&text).unwrap().neighbours
}

fn random(stream: u64) -> Generator {
    generator(5, Purpose::Sample, stream)
}

/// Points with coordinates 0, 1, …, levels − 1: few levels give many ties and duplicates.
fn grid(rows: usize, dimensions: usize, levels: u32, stream: u64) -> Array2<f32> {
    let mut random = random(stream);
    Array2::from_shape_simple_fn((rows, dimensions), || random.random_range(0..levels) as f32)
}

fn cloud(rows: usize, dimensions: usize, stream: u64) -> Array2<f32> {
    let mut random = random(stream);
    Array2::from_shape_simple_fn((rows, dimensions), || random.random::<f32>() - 0.5)
}

/// Every pair, sorted by distance and then by index.
fn exhaustive(references: &Array2<f32>, queries: &Array2<f32>, k: usize) -> Vec<u32> {
    let of_query = |query: ArrayView1<f32>| {
        let squared = |point: ArrayView1<f32>| -> f32 {
            point.iter().zip(query).fold(0.0, |sum, (a, b)| sum + (b - a) * (b - a))
        };
        let mut all: Vec<(f32, u32)> =
            references.rows().into_iter().map(squared).zip(0..).collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        all.into_iter().take(k).map(|(_, index)| index).collect::<Vec<u32>>()
    };
    queries.rows().into_iter().flat_map(of_query).collect()
}

fn assert_exact(references: &Array2<f32>, queries: &Array2<f32>, k: usize) {
    let found = nearest(references.view(), queries.view(), k).unwrap();
    let found: Vec<u32> = found.indices.iter().copied().collect();
    assert_eq!(found, exhaustive(references, queries, k), "k = {k}");
}

#[test]
fn neighbours_and_votes_match_scikit_learn_without_ties() {
    let case = case();
    let (references, queries) = (Array2::from(case.references), Array2::from(case.queries));
    let found = nearest(references.view(), queries.view(), case.k).unwrap();
    for (query, (indices, distances)) in case.indices.iter().zip(&case.distances).enumerate() {
        assert_eq!(&found.indices.row(query).to_vec(), indices);
        for (ours, theirs) in found.distances.row(query).iter().zip(distances) {
            assert!((ours - theirs).abs() <= 1e-6 * theirs, "{ours} against {theirs}");
        }
    }
    let all = nearest(references.view(), queries.view(), 9).unwrap();
    for (k, clear) in case.predictions {
        let ours = vote(&all.first(k), &case.labels, 3);
        for (query, class) in clear {
            assert_eq!(ours[query], class, "K = {k}, query {query}");
        }
    }
}

#[test]
fn ties_go_to_the_lowest_index_for_every_k() {
    for (levels, dimensions) in [(1, 3), (2, 2), (2, 6), (3, 4), (5, 10)] {
        let references = grid(300, dimensions, levels, 1);
        let queries = grid(40, dimensions, levels, 2);
        for k in [1, 2, 3, 10, 99, 299, 300] {
            assert_exact(&references, &queries, k);
        }
    }
}

#[test]
fn a_tie_at_the_kth_neighbour_is_broken_by_index() {
    // 200 different points, all at distance 1 from the query.
    let circle = Array2::from_shape_fn((200, 100), |(row, column)| {
        let sign = if row % 2 == 0 { 1.0 } else { -1.0 };
        if row / 2 == column { sign } else { 0.0 }
    });
    let query = Array2::zeros((1, 100));
    for k in [1, 2, 7, 150] {
        let found = nearest(circle.view(), query.view(), k).unwrap();
        assert_eq!(found.indices.row(0).to_vec(), (0..k as u32).collect::<Vec<u32>>());
    }
}

#[test]
fn points_without_ties_are_found_exactly() {
    let (references, queries) = (cloud(2_000, 10, 3), cloud(50, 10, 4));
    for k in [1, 10, 100] {
        assert_exact(&references, &queries, k);
    }
}

#[test]
fn each_point_of_a_set_is_its_own_nearest_neighbour() {
    let points = cloud(500, 4, 5);
    let found = nearest(points.view(), points.view(), 1).unwrap();
    assert_eq!(found.indices.column(0).to_vec(), (0..500).collect::<Vec<u32>>());
    assert!(found.distances.iter().all(|&distance| distance == 0.0));
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let (references, queries) = (grid(3_000, 5, 4, 6), cloud(200, 5, 7));
    for search in SEARCHES {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let search = || nearest_by(search, references.view(), queries.view(), 10);
            pool.install(|| search().unwrap())
        };
        assert_same(&with(1), &with(4));
    }
}

/// Runs the search in a thread with a generous time limit, so that it cannot hang.
fn in_time(search: Search, references: Array2<f32>, queries: Array2<f32>, k: usize) -> Neighbours {
    let (send, receive) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let found = nearest_by(search, references.view(), queries.view(), k);
        send.send(found).expect("the test waits");
    });
    let found = receive.recv_timeout(Duration::from_secs(60));
    found.expect("an answer within a minute").unwrap()
}

#[test]
fn equal_references_are_searched_quickly_and_give_the_first_ones() {
    for search in SEARCHES {
        let found = in_time(search, Array2::ones((57_000, 10)), Array2::ones((3_000, 10)), 10);
        let first: Vec<u32> = (0..10).collect();
        assert!(found.indices.rows().into_iter().all(|row| row.to_vec() == first));
        assert!(found.distances.iter().all(|&distance| distance == 0.0));
    }
}

#[test]
fn sorted_references_are_searched_quickly() {
    for search in SEARCHES {
        let line = Array2::from_shape_fn((57_000, 1), |(row, _)| row as f32);
        let queries = Array2::from_shape_fn((3_000, 1), |(row, _)| 19.0 * row as f32 + 0.25);
        let found = in_time(search, line, queries, 2);
        for (row, pair) in found.indices.rows().into_iter().enumerate() {
            assert_eq!(pair.to_vec(), [19 * row as u32, 19 * row as u32 + 1]);
        }
    }
}

#[test]
fn tight_clusters_far_from_the_origin_are_searched_quickly() {
    // Squared norms are a million times the squared distances, within the precision of f32.
    for search in SEARCHES {
        let points = cloud(20_000, 3, 15).mapv(|value| 300.0 + value);
        let queries = points.slice(s![..3_000, ..]).to_owned();
        let found = in_time(search, points, queries, 1);
        assert!(found.distances.iter().all(|&distance| distance == 0.0));
    }
}

#[test]
fn both_searches_agree_bit_for_bit_on_all_kinds_of_data() {
    for seed in 20..70 {
        let mut random = random(seed);
        let dimensions = [1, 2, 3, 5, 8, 13, 64, 130][random.random_range(0..8)];
        let rows = random.random_range(1..700);
        let queries = random.random_range(1..300);
        let k = random.random_range(1..=rows.min(250));
        let scale = 2_f32.powi(random.random_range(-70..45));
        let offset = scale * [0.0, 1.0, 1e4][random.random_range(0..3)];
        let set = |rows, stream| match seed % 3 {
            0 => grid(rows, dimensions, 3, stream),
            1 => cloud(rows, dimensions, stream),
            _ => cloud(rows, dimensions, stream) * cloud(rows, 1, stream).mapv(|x| x.powi(9)),
        };
        let set = |rows, stream| set(rows, stream).mapv(|value| value * scale + offset);
        let (references, queries) = (set(rows, seed), set(queries, seed + 1000));
        assert!(nearest(references.view(), queries.view(), k).is_ok());
        assert!(nearest(references.view(), references.view(), k).is_ok());
    }
}

#[test]
fn points_clustered_around_zero_at_every_scale_are_found() {
    // Halving a range separates only one of these from the rest.
    let scales = Array2::from_shape_fn((5_000, 2), |(row, column)| {
        let exponent = -((row % 120) as i32);
        2_f32.powi(exponent) * (1.0 + (row / 120 + column) as f32 / 64.0)
    });
    assert_exact(&scales, &cloud(10, 2, 8), 7);
}

#[test]
fn minus_zero_equals_zero() {
    let references = Array2::from(vec![[0.0_f32, -0.0], [-0.0, 0.0], [0.0, 0.0]]);
    let found = nearest(references.view(), Array2::zeros((1, 2)).view(), 2).unwrap();
    assert_eq!(found.indices.row(0).to_vec(), [0, 1]);
}

#[test]
fn strided_views_are_read_correctly() {
    let (references, queries) = (cloud(3, 400, 9), cloud(3, 20, 10));
    let turned = nearest(references.t(), queries.t(), 3).unwrap();
    let plain = nearest(references.t().as_standard_layout().view(), queries.t(), 3).unwrap();
    assert_eq!(turned, plain);
    let found: Vec<u32> = turned.indices.iter().copied().collect();
    assert_eq!(found, exhaustive(&references.t().to_owned(), &queries.t().to_owned(), 3));
}

#[test]
fn an_invalid_k_is_refused_with_the_valid_range() {
    let points = cloud(5, 2, 11);
    for k in [0, 6] {
        let message = nearest(points.view(), points.view(), k).unwrap_err().to_string();
        let expected = "must be between 1 and 5, the number of reference images";
        assert_eq!(message, format!("eval.knn = {k}: {expected}"));
    }
}

#[test]
fn a_value_without_a_distance_is_reported_with_set_row_and_dimension() {
    let points = cloud(5, 2, 12);
    for (value, shown, problem) in [
        (f32::NAN, "NaN", "not finite"),
        (f32::INFINITY, "inf", "not finite"),
        (-3e38, "-3e38", "too large to compare"),
    ] {
        let mut wrong = points.clone();
        wrong[(3, 1)] = value;
        for (message, set) in [
            (nearest(wrong.view(), points.view(), 1), "reference"),
            (nearest(points.view(), wrong.view(), 1), "query"),
        ] {
            let message = message.unwrap_err().to_string();
            let expected = format!(
                "the embedding of {set} image 3 (from 0) is {shown} in dimension 1, {problem}"
            );
            assert_eq!(message, expected);
        }
    }
}

#[test]
fn the_largest_accepted_values_have_finite_distances() {
    let limit = (f32::MAX / 2.0).sqrt() / 4.0;
    let points = Array2::from(vec![[limit, limit], [-limit, -limit]]);
    let found = nearest(points.view(), points.view(), 2).unwrap();
    assert!(found.distances.iter().all(|distance| distance.is_finite()));
}

#[test]
fn a_tied_vote_goes_to_the_class_of_the_nearer_neighbour() {
    let references = Array2::from_shape_fn((5, 1), |(row, _)| row as f32);
    let neighbours = nearest(references.view(), Array2::zeros((1, 1)).view(), 5).unwrap();
    let winner = |labels: &[i64], k| vote(&neighbours.first(k), labels, 4)[0];
    assert_eq!(winner(&[2, 1, 1, 2, 0], 4), 2);
    assert_eq!(winner(&[1, 2, 2, 1, 0], 4), 1);
    assert_eq!(winner(&[3, 1, 1, 2, 2], 5), 1);
    assert_eq!(winner(&[3, 1, 1, 2, 2], 1), 3);
}

#[test]
fn shuffled_labels_give_chance_accuracy() {
    let (references, queries) = (cloud(2_000, 10, 13), cloud(2_000, 10, 14));
    let labels: Vec<i64> = (0..2_000).map(|row| row % 10).collect();
    let neighbours = nearest(references.view(), queries.view(), 1).unwrap();
    let voted = vote(&neighbours, &labels, 10);
    let right = voted.iter().zip(&labels).filter(|(ours, truth)| ours == truth).count();
    assert!((140..=260).contains(&right), "{right} of 2,000");
}

#[test]
fn many_classes_are_ranked_like_few() {
    let mut random = generator(13, Purpose::Sample, 0);
    for classes in [1, 3, FEW, FEW + 1, 40, 5000] {
        let labels: Vec<i64> = (0..300).map(|_| random.random_range(0..classes as i64)).collect();
        let voters: ndarray::Array1<u32> = (0..300).collect();
        let mut expected: Vec<i64> = Vec::new();
        labels.iter().for_each(|label| {
            if !expected.contains(label) {
                expected.push(*label);
            }
        });
        let votes = |class: i64| labels.iter().filter(|&&label| label == class).count();
        expected.sort_by_key(|&class| std::cmp::Reverse(votes(class)));
        assert_eq!(ranking(voters.view(), &labels, classes), expected, "{classes}");
    }
}
