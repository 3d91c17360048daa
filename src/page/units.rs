//! The figures of an evaluation in tables of one unit each, so that each can be sorted.

use crate::report::table::Table;

/// How figures are called that are no shares of the queries, by how their names begin.
const OTHERS: [(&str, &str); 5] = [
    ("NMI ", PLAIN),
    ("AMI ", PLAIN),
    ("relative spread", PLAIN),
    ("mean distance", "in units of the embedding"),
    ("queries without", "images"),
];
const PLAIN: &str = "without a unit";
const SHARES: &str = "%";

/// Tables of a metric and its value, one for each unit, the shares first.
pub fn by_unit(figures: &Table) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    for row in &figures.rows {
        let [name, value] = [0, 1].map(|column| row.get(column).map_or("", String::as_str));
        let other = OTHERS.iter().find(|(beginning, _)| name.starts_with(beginning));
        let unit = other.map_or(SHARES, |(_, unit)| unit);
        let value = value.trim_end_matches(" %");
        match tables.iter_mut().find(|table| table.header[1] == unit) {
            Some(table) => table.push([name, value]),
            None => {
                let mut table = Table::new(["metric", unit]);
                table.push([name, value]);
                tables.push(table);
            }
        }
    }
    tables
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_unit_has_a_table_of_its_own_and_stands_once_in_its_head() {
        let mut figures = Table::new(["metric", "value"]);
        figures.push(["1-NN accuracy", "86.20 %"]);
        figures.push(["MAP@R", "–"]);
        figures.push(["queries without a reference of their class", "3"]);
        figures.push(["NMI of 10 k-means clusters", "0.812"]);
        figures.push(["AMI of the same", "0.811"]);
        figures.push(["mean distance, same class", "1.234"]);
        let tables = by_unit(&figures);
        let heads: Vec<&str> = tables.iter().map(|table| table.header[1].as_str()).collect();
        assert_eq!(heads, ["%", "images", "without a unit", "in units of the embedding"]);
        assert_eq!(tables[0].rows, [["1-NN accuracy", "86.20"], ["MAP@R", "–"]]);
        assert_eq!(tables[2].rows[0], ["NMI of 10 k-means clusters", "0.812"]);
    }
}
