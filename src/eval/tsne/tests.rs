//! t-SNE maps: reproducible, at any scale, near the reference, with refusals.

use ndarray::{Array2, Axis, concatenate, s};

use std::cell::RefCell;

use super::reference::Reference;
use super::*;

fn settings() -> TsneConfig {
    TsneConfig { perplexity: 10.0, ..TsneConfig::default() }
}

fn exact_linfa(iterations: usize) -> TsneConfig {
    TsneConfig { engine: Engine::Linfa, theta: 0.0, iterations, ..settings() }
}

fn bits(map: &Map) -> Vec<u64> {
    map.coordinates.iter().flatten().map(|value| value.to_bits()).collect()
}

/// Maps points without progress.
fn embed(points: ArrayView2<f32>, config: &TsneConfig, seed: u64) -> Result<Map> {
    super::embed(points, config, seed, &|_, _| ())
}

fn message(points: &Array2<f32>, config: &TsneConfig) -> String {
    embed(points.view(), config, 1).unwrap_err().to_string()
}

/// More points than are summed pair by pair, in a hundred blobs.
fn blobs() -> Array2<f32> {
    Array2::from_shape_fn((1200, 4), |(i, j)| {
        let (blob, within) = ((i % 100) as f32, (i / 100) as f32);
        (blob * (j + 1) as f32).sin() + 0.05 * (within * (j + 2) as f32).cos()
    })
}

#[test]
fn the_divergence_is_no_worse_than_scikit_learns_for_any_seed() {
    let reference = Reference::read();
    for seed in 1..4 {
        let map = embed(reference.points().view(), &settings(), seed).unwrap();
        let kl = map.kl.unwrap();
        assert!(kl < 1.02 * reference.kl[0], "{kl} for {}", reference.kl[0]);
    }
    let hasty = TsneConfig { iterations: 20, ..settings() };
    let map = embed(reference.points().view(), &hasty, 1).unwrap();
    assert!(map.kl.unwrap() > 1.02 * reference.kl[0], "{:?}", map.kl);
}

#[test]
fn the_same_seed_gives_the_same_bits_alone_and_in_parallel() {
    let points = Reference::read().points();
    let alone = bits(&embed(points.view(), &settings(), 1).unwrap());
    std::thread::scope(|scope| {
        let beside: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| bits(&embed(points.view(), &settings(), 1).unwrap())))
            .collect();
        for thread in beside {
            assert_eq!(thread.join().unwrap(), alone);
        }
    });
    assert_ne!(bits(&embed(points.view(), &settings(), 2).unwrap()), alone);
}

#[test]
fn the_number_of_threads_changes_no_bit_of_small_and_large_maps() {
    let config = TsneConfig { iterations: 60, ..settings() };
    for points in [Reference::read().points(), blobs()] {
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let map = pool.install(|| embed(points.view(), &config, 1).unwrap());
            (bits(&map), map.kl.unwrap().to_bits())
        };
        let one = with(1);
        assert!([2, 5].into_iter().all(|threads| with(threads) == one), "{}", points.nrows());
    }
}

#[test]
fn progress_reports_every_step_once_in_order() {
    let reported = RefCell::new(Vec::new());
    let config = TsneConfig { iterations: 25, ..settings() };
    let report = |done, of| reported.borrow_mut().push((done, of));
    super::embed(Reference::read().points().view(), &config, 1, &report).unwrap();
    assert!(reported.into_inner().into_iter().eq((1..=25).map(|done| (done, 25))));
}

#[test]
fn both_engines_agree_and_exact_linfa_is_reproducible() {
    let points = Reference::read().points();
    let ours = embed(points.view(), &settings(), 1).unwrap();
    // From a random initialisation, sixty points end in one of several local minima.
    let linfa = |seed| embed(points.view(), &exact_linfa(2000), seed).unwrap().kl.unwrap();
    let theirs = (1..6).map(linfa).fold(f64::INFINITY, f64::min);
    let ours = ours.kl.unwrap();
    assert!((theirs / ours - 1.0).abs() < 0.05, "{theirs} for {ours}");
    let short = |seed| bits(&embed(points.view(), &exact_linfa(50), seed).unwrap());
    assert_eq!(short(1), short(1));
    assert_ne!(short(1), short(2));
}

#[test]
fn the_rows_of_a_linfa_map_are_in_the_order_of_the_embeddings() {
    let mut points = Reference::read().points();
    points.slice_mut(s![7..8, ..]).fill(500.0);
    let map = embed(points.view(), &exact_linfa(300), 3).unwrap();
    let kl = map.kl.unwrap();
    let mut turned = map.coordinates.clone();
    turned.rotate_left(1);
    let neighbours = neighbours::neighbourhoods(points.view(), 31).unwrap();
    let affinities = Affinities::new(neighbours, 10.0);
    assert!(divergence::divergence(&affinities, &turned) > 2.0 * kl);
}

#[test]
fn equal_points_and_outliers_are_mapped() {
    let points = Reference::read().points();
    let repeated = concatenate(Axis(0), &[points.view(), points.view()]).unwrap();
    let equal = points.select(Axis(0), &[vec![0; 80], (0..60).collect()].concat());
    let line = Array2::from_shape_fn((60, 1), |(i, _)| i as f32);
    let mut outlier = points.clone();
    outlier.row_mut(3).fill(1e30);
    for points in [repeated, equal, line, outlier] {
        let kl = embed(points.view(), &settings(), 1).unwrap().kl.unwrap();
        assert!(kl < 1.0, "{kl}");
    }
}

#[test]
fn equal_points_and_outliers_in_a_large_set_are_mapped() {
    let points = Reference::read().points();
    let repeated = concatenate(Axis(0), &[points.view(); 20]).unwrap();
    let equal = points.select(Axis(0), &[vec![0; 1200], (0..60).collect()].concat());
    let line = Array2::from_shape_fn((1200, 1), |(i, _)| i as f32);
    let mut outlier = blobs();
    outlier.row_mut(3).fill(1e30);
    for points in [repeated, equal, line, outlier] {
        let kl = embed(points.view(), &settings(), 1).unwrap().kl.unwrap();
        assert!(kl < 0.5, "{kl}");
    }
}

#[test]
fn linfa_maps_repeated_and_one_dimensional_points_but_not_three() {
    let points = Reference::read().points();
    let repeated = concatenate(Axis(0), &[points.view(), points.view()]).unwrap();
    let line = Array2::from_shape_fn((60, 1), |(i, _)| i as f32);
    for theta in [0.0, 0.5] {
        let config = TsneConfig { theta, ..exact_linfa(300) };
        for points in [&repeated, &line] {
            assert!(embed(points.view(), &config, 1).unwrap().kl.unwrap() < 1.0);
        }
    }
    let message = message(&line.slice_move(s![..3, ..]), &exact_linfa(300));
    assert!(
        message.contains("tsne.engine = linfa") && message.contains("fft takes fewer"),
        "{message}"
    );
}

#[test]
fn a_perplexity_that_is_too_large_is_lowered_with_a_warning_as_in_opentsne() {
    // 60 points of which two are equal.
    let points = Reference::read().points();
    let config = |perplexity| TsneConfig { perplexity, iterations: 20, ..settings() };
    let lowered = embed(points.view(), &config(20.0), 1).unwrap();
    let warnings = [
        "2 of 60 embeddings are equal to another one; equal ones share one point of the t-SNE",
        "tsne.perplexity = 20 is too large for 59 different embeddings: lowered to 19.33",
    ];
    assert_eq!(
        (lowered.perplexity, lowered.remarks),
        (58.0 / 3.0, warnings.map(str::to_owned).into())
    );
    let fits = embed(points.view(), &config(19.0), 1).unwrap();
    assert_eq!((fits.perplexity, fits.remarks.len()), (19.0, 1));
    let linfa = TsneConfig { engine: Engine::Linfa, ..config(30.0) };
    assert_eq!(embed(points.view(), &linfa, 1).unwrap().perplexity, 58.0 / 3.0);
}

#[test]
fn few_points_are_separated_and_a_single_one_is_refused() {
    let points = Reference::read().points();
    for count in 2..8 {
        let few = points.slice(s![..count, ..]);
        let Map { coordinates, kl, perplexity, .. } =
            embed(few, &TsneConfig::default(), 1).unwrap();
        assert!(kl.unwrap().abs() < 0.5 && perplexity == ((count - 1) as f64 / 3.0).max(1.0));
        let apart = |(i, j): (usize, usize)| {
            let [x, y] = [0, 1].map(|axis| coordinates[i][axis] - coordinates[j][axis]);
            x.hypot(y)
        };
        let pairs = (0..count).flat_map(|i| (0..i).map(move |j| (i, j)));
        assert!(pairs.clone().all(|pair| apart(pair) > 1e-6), "{coordinates:?}");
        assert!(pairs.clone().all(|pair| apart(pair) < 1e5), "{coordinates:?}");
    }
    let message = message(&points.slice_move(s![..1, ..]), &settings());
    assert!(message.ends_with("there is only one"), "{message}");
}

#[test]
fn equal_embeddings_share_one_point() {
    let same = Array2::from_elem((60, 5), 2.5);
    let map = embed(same.view(), &TsneConfig::default(), 1).unwrap();
    assert_eq!((map.coordinates, map.kl), (vec![[0.0; 2]; 60], None));
    assert_eq!(map.remarks, ["all 60 embeddings are equal, so the t-SNE is one point"]);
    // 80 copies of one point, more than any point has neighbours. 0 and -0 are equal.
    let mut points = Reference::read().points();
    points[[0, 0]] = 0.0;
    let mut equal = points.select(Axis(0), &[vec![0; 80], (1..60).collect()].concat());
    equal.slice_mut(s![..40, 0]).fill(-0.0);
    let map = embed(equal.view(), &settings(), 1).unwrap();
    assert!(map.coordinates[..80].iter().all(|point| *point == map.coordinates[0]));
    assert_ne!(map.coordinates[0], map.coordinates[80]);
    let alone = embed(points.view(), &settings(), 1).unwrap();
    assert_eq!((map.kl, &map.coordinates[79..]), (alone.kl, &alone.coordinates[..]));
    assert!(map.remarks[0].starts_with("80 of 139 embeddings are equal"), "{:?}", map.remarks);
}

#[test]
fn nan_is_reported_with_its_row() {
    for value in [f32::NAN, f32::INFINITY] {
        let mut points = Reference::read().points();
        points[[17, 2]] = value;
        let message = message(&points, &settings());
        assert!(
            message.starts_with(&format!("embedding 17 (counted from 0) holds {value}")),
            "{message}"
        );
    }
}

#[test]
fn settings_out_of_range_are_refused_with_their_key() {
    let message = |config: TsneConfig| config.check().unwrap_err().to_string();
    let default = TsneConfig::default;
    assert!(default().check().is_ok());
    for perplexity in [0.5, f64::NAN, f64::INFINITY] {
        assert!(message(TsneConfig { perplexity, ..default() }).starts_with("tsne.perplexity = "));
    }
    for theta in [-0.1, 1.1, f64::NAN] {
        assert!(message(TsneConfig { theta, ..default() }).starts_with("tsne.theta = "));
    }
    assert!(TsneConfig { theta: 0.0, ..default() }.check().is_ok());
    assert!(
        message(TsneConfig { iterations: 19, ..default() }).starts_with("tsne.iterations = 19: ")
    );
}

#[test]
fn settings_are_read_from_toml_and_unknown_keys_are_refused() {
    let read = |text: &str| toml::from_str::<TsneConfig>(text);
    let linfa = TsneConfig { engine: Engine::Linfa, ..TsneConfig::default() };
    assert_eq!(read("engine = \"linfa\"").unwrap(), linfa);
    assert_eq!(read(&toml::to_string(&linfa).unwrap()).unwrap(), linfa);
    assert!(read("learning_rate = 5").unwrap_err().to_string().contains("learning_rate"));
    assert_eq!([Engine::Fft, Engine::Linfa].map(|e| e.to_string()), ["fft", "linfa"]);
    assert_eq!(read("of = \"both\"").unwrap().of, TsneSets::Both);
}
