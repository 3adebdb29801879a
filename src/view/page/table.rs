//! Columns that line up.

use super::Page;
use super::line::Line;
use super::style::Role;
use super::wrap::wrap;

/// Spaces between two columns.
const GAP: usize = 2;

/// A column is never made narrower than this.
const LEAST: usize = 14;

/// Rows of cells. Cells are wrapped where the table is wider than the page.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Vec<Line>>,
}

impl Table {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a row. Rows may have different numbers of cells.
    pub fn row(&mut self, cells: impl IntoIterator<Item = Line>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Leaves out the columns behind the first `count`.
    pub fn keep_columns(&mut self, count: usize) {
        for row in &mut self.rows {
            row.truncate(count);
        }
    }

    /// Whether no cell has to be wrapped, `indent` columns from the left.
    pub fn fits(&self, page: &Page, indent: usize) -> bool {
        let columns = self.columns(usize::MAX);
        let gaps = columns.len().saturating_sub(1) * GAP;
        let width: usize = columns.iter().map(|(_, width)| width).sum();
        indent + width + gaps <= page.width()
    }

    /// Writes the table, `indent` columns from the left. Columns that are empty in all rows are left out.
    pub fn write(&self, page: &mut Page, indent: usize) {
        let columns = self.columns(page.width().saturating_sub(indent));
        for row in &self.rows {
            let cells: Vec<Vec<Line>> = columns
                .iter()
                .map(|(column, width)| match row.get(*column) {
                    Some(cell) => wrap(cell, *width, *width),
                    None => vec![Line::new()],
                })
                .collect();
            let height = cells.iter().map(Vec::len).max().unwrap_or(0);
            for number in 0..height {
                let mut line = Line::plain(&" ".repeat(indent));
                let mut due = 0;
                for ((_, width), cell) in columns.iter().zip(&cells) {
                    if let Some(part) = cell.get(number).filter(|part| !part.is_empty()) {
                        line.push(Role::Plain, &" ".repeat(due));
                        line.extend(part.clone());
                        due = width.saturating_sub(part.width()) + GAP;
                    } else {
                        due += width + GAP;
                    }
                }
                page.push(line);
            }
        }
    }

    /// Which columns are shown, and how wide.
    fn columns(&self, room: usize) -> Vec<(usize, usize)> {
        let count = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let mut columns: Vec<(usize, usize)> = (0..count)
            .map(|column| {
                let cells = self.rows.iter().filter_map(|row| row.get(column));
                (column, cells.map(Line::width).max().unwrap_or(0))
            })
            .filter(|(_, width)| *width > 0)
            .collect();
        let gaps = columns.len().saturating_sub(1) * GAP;
        loop {
            let total: usize = columns.iter().map(|(_, width)| width).sum::<usize>() + gaps;
            let excess = total.saturating_sub(room);
            // The widest gives first; the names in the first column only what goes beyond half of the room.
            let widest = columns
                .iter_mut()
                .enumerate()
                .map(|(place, (_, width))| (width, if place == 0 { room / 2 } else { LEAST }))
                .filter(|(width, least)| **width > *least)
                .max_by_key(|(width, _)| **width);
            let Some((widest, least)) = widest.filter(|_| excess > 0) else {
                return columns;
            };
            *widest -= 1.max(excess / 4).min(*widest - least);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(rows: &[&[&str]], width: usize) -> String {
        let mut table = Table::new();
        for row in rows {
            table.row(row.iter().map(|cell| Line::plain(cell)));
        }
        let mut page = Page::new(width);
        table.write(&mut page, 2);
        page.render(false)
    }

    #[test]
    fn columns_line_up_and_empty_ones_are_left_out() {
        assert_eq!(
            written(&[&["a", "", "x"], &["long", "", "y", "z"]], 40),
            "  a     x\n  long  y  z\n"
        );
    }

    #[test]
    fn wide_cells_are_wrapped_in_their_column() {
        assert_eq!(
            written(
                &[&["name", "some words that are really too many", "end"]],
                40
            ),
            "  name  some words that are really   end\n        too many\n"
        );
    }
}
