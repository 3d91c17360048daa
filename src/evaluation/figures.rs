//! The figures of an evaluation as a table.

use crate::eval::{Distances, Figures};
use crate::report::table::Table;
use crate::stats::share;
use crate::words::{MISSING, count};

/// One row per figure. Vote top-k accuracy is what the tutorial calls recall@k.
pub fn figures_table(figures: &Figures) -> Table {
    let Figures { knn, vote_top_k, retrieval, clusters, distances } = figures;
    let mut table = Table::new(["metric", "value"]);
    table.push([format!("{}-NN accuracy", knn.k), share(knn.accuracy)]);
    table.push(["macro precision".to_owned(), share(knn.macro_precision)]);
    table.push(["macro recall".to_owned(), share(knn.macro_recall)]);
    table.push(["macro F1".to_owned(), share(knn.macro_f1)]);
    for (i, at) in vote_top_k.at.iter().enumerate() {
        let tutorial = if i == 0 { "; the tutorial's recall@k" } else { "" };
        let voters = count(vote_top_k.voters, "voter");
        let name = format!("vote top-{} ({voters}{tutorial})", at.k);
        table.push([name, share(at.accuracy)]);
    }
    for at in &retrieval.recall_at {
        table.push([format!("Recall@{} (any of {} nearest)", at.k, at.k), share(at.recall)]);
    }
    table.push(["R-precision".to_owned(), share(retrieval.r_precision)]);
    table.push(["MAP@R".to_owned(), share(retrieval.map_at_r)]);
    if retrieval.left_out > 0 {
        let name = "queries without a reference of their class";
        table.push([name.to_owned(), retrieval.left_out.to_string()]);
    }
    let name = clusters.as_ref().map_or("NMI of k-means clusters".to_owned(), |clusters| {
        format!("NMI of {}", count(clusters.clusters, "k-means cluster"))
    });
    table.push([name, decimals(clusters.as_ref().map(|clusters| clusters.nmi))]);
    let ami = decimals(clusters.as_ref().map(|clusters| clusters.ami));
    table.push(["AMI of the same".to_owned(), ami]);
    push_distances(&mut table, distances);
    table
}

fn push_distances(table: &mut Table, distances: &Distances) {
    let kinds = [("same", distances.same_class), ("different", distances.other_class)];
    for (kind, mean) in kinds {
        table.push([format!("mean distance, {kind} class"), decimals(mean)]);
    }
    table.push(["relative spread".to_owned(), decimals(distances.relative_spread)]);
}

/// Three decimals, or three significant digits for very small and large values; [`MISSING`] for `None`.
fn decimals(value: Option<f64>) -> String {
    match value {
        None => MISSING.to_owned(),
        Some(value) if value == 0.0 || (1e-2..1e5).contains(&value.abs()) => format!("{value:.3}"),
        Some(value) => format!("{value:.2e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_clusters_are_shown_as_a_dash() {
        use crate::eval::{EvalConfig, LabelledEmbeddings, RetrievalTask, Watch};
        let points = ndarray::array![[0.0_f32], [1.0], [5.0], [6.0]];
        let references = LabelledEmbeddings::new(&points, &[0, 0, 1, 1]);
        let trial = RetrievalTask { references, queries: None, classes: 2 };
        let table = |clusters| {
            let config = EvalConfig { voters: 3, clusters, ..EvalConfig::default() };
            figures_table(&Figures::of(&trial, &config, 1, &Watch::default()).unwrap()).csv()
        };
        assert!(table(true).contains("NMI of 2 k-means clusters,1.000\nAMI of the same,1.000\n"));
        assert!(table(false).contains("NMI of k-means clusters,–\nAMI of the same,–\n"));
    }

    #[test]
    fn values_of_any_size_are_shown() {
        assert_eq!(
            [0.0, 0.5, 12.3456, 3e-4, 2e8].map(|value| decimals(Some(value))),
            ["0.000", "0.500", "12.346", "3.00e-4", "2.00e8"]
        );
    }
}
