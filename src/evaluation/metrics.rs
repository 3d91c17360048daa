//! The metrics of an evaluation as tables.

use crate::eval::{Measured, Results};
use crate::report::table::Table;

/// One row a metric.
pub fn metrics_table(results: &Results) -> Table {
    let mut table = Table::new(["metric", "value"]);
    for (name, measured) in named(results) {
        table.push([name, measured.text()]);
    }
    if let Some(row) = left_out(results) {
        table.push(row);
    }
    table
}

/// The same in tables of one unit each, the shares first, so that each can be sorted.
pub fn metrics_by_unit(results: &Results) -> Vec<Table> {
    let mut tables: Vec<(&str, Table)> = Vec::new();
    for (name, Measured { metric, value, .. }) in named(results) {
        let unit = metric.unit.column();
        let row = [name, metric.unit.number(value.unwrap_or(f64::NAN))];
        match tables.iter_mut().find(|(of, _)| *of == unit) {
            Some((_, table)) => table.push(row),
            None => {
                let mut table = Table::new(["metric", unit]);
                table.push(row);
                tables.push((unit, table));
            }
        }
    }
    let mut tables: Vec<Table> = tables.into_iter().map(|(_, table)| table).collect();
    if let Some(row) = left_out(results) {
        let mut table = Table::new(["metric", "images"]);
        table.push(row);
        tables.push(table);
    }
    tables
}

/// All values by the metrics' names, with what they were computed from in brackets, and at the first
/// of a family with what the tutorial calls it.
fn named(results: &Results) -> Vec<(String, Measured)> {
    let mut last = "";
    let mut named = Vec::new();
    for measured in results.measured() {
        let tutorial = measured.metric.tutorial.filter(|_| last != measured.metric.key);
        let tutorial = tutorial.map(|name| format!("the tutorial's {name}"));
        let source = measured.source(results.figures);
        let remarks: Vec<String> = source.into_iter().chain(tutorial).collect();
        let name = match remarks.is_empty() {
            true => measured.name(),
            false => format!("{} ({})", measured.name(), remarks.join("; ")),
        };
        last = measured.metric.key;
        named.push((name, measured));
    }
    named
}

/// The queries that no metric of rankings counts, if there are any.
fn left_out(results: &Results) -> Option<[String; 2]> {
    let count = results.figures.retrieval.left_out;
    let name = "queries without a reference of their class";
    (count > 0).then(|| [name.to_owned(), count.to_string()])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{EvalConfig, Figures, LabelledEmbeddings, RetrievalTask, Watch};

    /// Two classes of two points, and of as many more classes of one as there are labels.
    fn figures(labels: &[i64], clusters: bool) -> Figures {
        let points =
            ndarray::Array2::from_shape_fn((labels.len(), 1), |(row, _)| (row * row) as f32);
        let references = LabelledEmbeddings::new(&points, labels);
        let task = RetrievalTask { references, queries: None, classes: 3 };
        let config = EvalConfig { voters: 3, clusters, ..EvalConfig::default() };
        Figures::of(&task, &config, 1, &Watch::default()).unwrap()
    }

    #[test]
    fn a_metric_without_a_value_is_a_dash() {
        let table =
            |clusters| metrics_table(&Results::from(&figures(&[0, 0, 1, 1], clusters))).csv();
        assert!(table(true).contains("NMI of k-means (2 clusters),"));
        assert!(table(false).contains("NMI of k-means,–\nAMI of k-means,–\n"));
    }

    #[test]
    fn the_tutorials_name_stands_once_beside_a_family() {
        let table = metrics_table(&Results::from(&figures(&[0, 0, 1, 1], false))).csv();
        assert!(table.contains("vote top-1 (3 voters; the tutorial's recall@k),"), "{table}");
        assert!(table.contains("vote top-2 (3 voters),"), "{table}");
        assert!(table.contains("Recall@2 (any of 2 nearest),"), "{table}");
    }

    #[test]
    fn each_unit_has_a_table_of_its_own_and_stands_once_in_its_head() {
        let figures = figures(&[0, 0, 1, 1, 2], true);
        let results = Results { tsne: Some(Some(0.5)), ..Results::from(&figures) };
        let tables = metrics_by_unit(&results);
        let heads: Vec<&str> = tables.iter().map(|table| table.header[1].as_str()).collect();
        let expected = ["%", "without a unit", "in units of the embedding", "nats", "images"];
        assert_eq!(heads, expected);
        assert!(tables[0].rows.iter().all(|row| !row[1].contains('%')), "{:?}", tables[0].rows);
        assert_eq!(tables[3].rows, [["t-SNE KL", "0.500"]]);
        assert_eq!(tables[4].rows[0][1], "1");
        let rows: usize = tables.iter().map(|table| table.rows.len()).sum();
        assert_eq!(rows, metrics_table(&results).rows.len());
    }
}
