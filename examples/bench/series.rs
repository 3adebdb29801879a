//! Runs side by side: the tools take turns, and each run is compared with the floor's of the same turn, so that what
//! disturbs the machine for a while disturbs both.

use anyhow::Result;
use serde::Serialize;

use crate::cells::Cell;
use crate::measure::{Bench, Cost};
use crate::tool::Tool;

/// All runs of a cell.
#[derive(Debug, Serialize)]
pub struct Series {
    pub cell: Cell,
    pub tools: Vec<Runs>,
}

/// The runs of one tool, one a turn.
#[derive(Debug, Serialize)]
pub struct Runs {
    pub tool: &'static str,
    pub costs: Vec<Cost>,
}

/// Runs all turns of a cell.
///
/// # Errors
/// A run that did not do its job ends the measuring.
pub fn measure(
    bench: &Bench<'_>,
    tools: &[Tool],
    cell: &Cell,
    mut tell: impl FnMut(&str) -> Result<()>,
) -> Result<Series> {
    let mut runs: Vec<Vec<Cost>> = tools.iter().map(|_| Vec::new()).collect();
    let mut common: Option<String> = None;
    bench.prepare(cell)?;
    for turn in 0..cell.repetitions {
        let mut order: Vec<usize> = (0..tools.len()).collect();
        if turn % 2 == 1 {
            order.reverse();
        }
        for place in order {
            let tool = tools[place];
            if turn >= tool.repetitions(cell) {
                continue;
            }
            let (cost, tree) = bench.run(tool, cell)?;
            anyhow::ensure!(
                *common.get_or_insert_with(|| tree.clone()) == tree,
                "{}: {} leaves other trees than those before it",
                cell.name(),
                tool.name()
            );
            tell(&format!("  {}: {:.2} s", tool.name(), cost.wall))?;
            runs[place].push(cost);
        }
    }
    let tools = tools.iter().zip(runs).map(|(tool, costs)| Runs {
        tool: tool.name(),
        costs,
    });
    Ok(Series {
        cell: *cell,
        tools: tools.filter(|runs| !runs.costs.is_empty()).collect(),
    })
}

/// The middle of some figures, the least and the most.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(figures: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut figures: Vec<f64> = figures.into_iter().collect();
        figures.sort_by(f64::total_cmp);
        let (least, most) = (*figures.first()?, *figures.last()?);
        let middle = figures.len() / 2;
        let median = if figures.len() % 2 == 1 {
            figures[middle]
        } else {
            f64::midpoint(figures[middle - 1], figures[middle])
        };
        Some(Self {
            median,
            least,
            most,
        })
    }
}

impl Series {
    /// A tool's figure divided by the floor's of the same turn.
    pub fn ratio(&self, tool: &str, figure: impl Fn(&Cost) -> f64) -> Option<Spread> {
        let find = |name: &str| self.tools.iter().find(|runs| runs.tool == name);
        let (floor, runs) = (find(Tool::Sh.name())?, find(tool)?);
        let pairs = runs.costs.iter().zip(&floor.costs);
        Spread::of(pairs.map(|(cost, floor)| figure(cost) / figure(floor)))
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;
    use crate::cells::{Link, Phase};

    pub fn cost(wall: f64) -> Cost {
        Cost {
            wall,
            cpu_here: wall / 2.0,
            cpu_hosts: wall / 4.0,
            processes_on_hosts: 120,
            connections: 10,
            sessions: 10,
            exchanges: 90,
            bytes_sent: 5000,
            bytes_received: 4000,
            disturbance: 0.02,
        }
    }

    pub fn series() -> Series {
        let runs = |tool: Tool, walls: &[f64]| Runs {
            tool: tool.name(),
            costs: walls.iter().copied().map(cost).collect(),
        };
        Series {
            cell: Cell {
                hosts: 10,
                link: Link::Near,
                phase: Phase::Again,
                repetitions: 3,
            },
            tools: vec![
                runs(Tool::Sh, &[1.0, 2.0, 4.0]),
                runs(Tool::Cachesmith, &[2.0, 3.0, 4.0]),
                runs(Tool::Ansible, &[50.0]),
            ],
        }
    }

    #[test]
    fn a_run_is_compared_with_the_floors_of_the_same_turn() {
        let ratio = series().ratio("cachesmith", |cost| cost.wall).unwrap();
        assert_eq!(
            ratio,
            Spread {
                median: 1.5,
                least: 1.0,
                most: 2.0
            }
        );
        let once = series().ratio("ansible-core", |cost| cost.wall).unwrap();
        assert_eq!(once.median, 50.0);
    }

    #[test]
    fn the_middle_of_an_even_number_of_figures_lies_between_two() {
        assert_eq!(Spread::of([4.0, 1.0, 2.0, 3.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of([]), None);
    }
}
