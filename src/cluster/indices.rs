//! Numbers of tasks as Slurm writes them.

/// Numbers in ascending order, as `0-3,7`.
pub fn ranges(indices: &[usize]) -> String {
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for &index in indices {
        match spans.last_mut() {
            Some((_, last)) if *last + 1 == index => *last = index,
            _ => spans.push((index, index)),
        }
    }
    let shown = spans.iter().map(|&(first, last)| match last - first {
        0 => first.to_string(),
        _ => format!("{first}-{last}"),
    });
    shown.collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_a_row_are_a_range() {
        let told = [&[0, 1, 2, 3, 7][..], &[5], &[1, 3, 4], &[]].map(ranges);
        assert_eq!(told, ["0-3,7", "5", "1,3-4", ""]);
    }
}
