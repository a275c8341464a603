//! How a program was made: what each pass has left, from the nodes of the recording to the instructions that there are now.

use super::Step;
use crate::text::thousands;
use std::fmt;

/// A pass that makes or changes programs, named as the file that does it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Pass {
    /// The recording itself: the nodes from the first input to the last result, without the inputs.
    Record,
    /// Leaves out nodes that no result needs, or that depend on no input.
    Slice,
    /// Makes one item of sums of products that are used once.
    Fuse,
    /// Puts items together that do the same and cannot depend on each other.
    Level,
    /// Finds loops in each group of items.
    Nest,
    /// Makes instructions of loops, and of what is in none.
    Lower,
    /// Finds instructions that come again and again.
    Repeat,
    /// Makes a program of one row one over many.
    Rows,
    /// Leaves out what the results that are asked for do not need.
    Simplify,
    /// Writes what is to be differentiated so that the chain rule finds all that it needs.
    Expand,
    /// Adds the derivatives of reverse mode.
    Reverse,
    /// Adds the derivatives of forward mode.
    Forward,
    /// Leaves out copies that need not be made, and computes what is read once where it is read.
    Copies,
}

/// What a program was after a pass; what it was before is the stage before this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Stage {
    /// The pass.
    pub pass: Pass,
    /// So many [nodes, items or instructions](Stage::unit) it has left; those in repeats count once.
    pub count: u32,
}

/// The stages of a program, in their order. They tell nothing of what it does, so any two are equal: programs that do the same
/// are the same, whatever they were made from.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "save", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct History(pub Vec<Stage>);

impl Pass {
    /// Its name, as in `fuse`.
    pub fn name(self) -> &'static str {
        match self {
            Pass::Record => "record",
            Pass::Slice => "slice",
            Pass::Fuse => "fuse",
            Pass::Level => "level",
            Pass::Nest => "nest",
            Pass::Lower => "lower",
            Pass::Repeat => "repeat",
            Pass::Rows => "rows",
            Pass::Simplify => "simplify",
            Pass::Expand => "expand",
            Pass::Reverse => "reverse",
            Pass::Forward => "forward",
            Pass::Copies => "copies",
        }
    }
}

impl Stage {
    /// What is counted, as in `items`.
    pub fn unit(self) -> &'static str {
        let [one, several] = match self.pass {
            Pass::Record | Pass::Slice => ["node", "nodes"],
            Pass::Fuse => ["item", "items"],
            Pass::Level => ["group", "groups"],
            Pass::Nest => ["nest", "nests"],
            _ => ["instruction", "instructions"],
        };
        if self.count == 1 { one } else { several }
    }
}

/// As in `fuse: 3,403 items`.
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}: {} {}", self.pass.name(), thousands(self.count.into()), self.unit())
    }
}

impl History {
    /// Notes how much a pass has left.
    pub fn note(&mut self, pass: Pass, count: usize) {
        self.0.push(Stage { pass, count: count as u32 });
    }

    /// Notes how many instructions a pass has left.
    pub fn note_steps(&mut self, pass: Pass, steps: &[Step]) {
        self.note(pass, steps.iter().map(Step::num_instructions).sum());
    }
}

impl PartialEq for History {
    fn eq(&self, _: &History) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use crate::program::{Program, Recorder, Rows};
    use crate::{Result, Value};

    fn counts(program: &Program) -> Vec<(&'static str, u32)> {
        program.explain().stages.iter().map(|stage| (stage.pass.name(), stage.count)).collect()
    }

    /// Four neurons of three products, two sums and a tanh, and something that nobody asks for.
    fn neurons(x: &[Value]) -> Vec<Value> {
        let _ = x[0].exp() * x[1];
        let neuron = |w: &[Value]| (w[0] * x[12] + w[1] * x[13] + w[2] * x[14]).tanh();
        x[..12].chunks(3).map(neuron).collect()
    }

    #[test]
    fn passes_tell_what_they_have_left() -> Result<()> {
        let found = counts(&Program::record(&[0.5; 15], neurons)?);
        let recorded = [("record", 4 * 6 + 2), ("slice", 4 * 6), ("fuse", 4), ("level", 1)];
        assert_eq!(found, [&recorded[..], &[("nest", 1), ("lower", 1), ("repeat", 1), ("copies", 1)]].concat());
        Ok(())
    }

    #[test]
    fn turns_of_a_sequential_loop_are_groups_until_they_repeat() -> Result<()> {
        let program = Program::record(&[0.5; 3], |x| (0..100).fold(x[2], |state, _| (x[0] * state + x[1]).tanh()))?;
        let found = [("fuse", 100), ("level", 100), ("nest", 100), ("lower", 100), ("repeat", 2), ("copies", 2)];
        assert_eq!(counts(&program)[1..], [&[("slice", 300)], &found[..]].concat());
        Ok(())
    }

    #[test]
    fn exact_programs_keep_what_was_recorded() -> Result<()> {
        let program = Recorder::exact().record(&[("x", &[0.5; 15])], |groups| neurons(&groups[0]))?;
        let found = [("slice", 24), ("fuse", 24), ("level", 24), ("nest", 24), ("lower", 24)];
        assert_eq!(counts(&program)[1..], found);
        Ok(())
    }

    #[test]
    fn programs_that_are_made_of_programs_go_on_telling() -> Result<()> {
        let loss = Program::record(&[0.5; 15], |x| neurons(x).into_iter().sum::<Value>())?;
        let made = |program: Program| counts(&program)[counts(&loss).len()..].to_vec();
        // The neurons and their sum; a copy of 1 to the sum and one to its terms; back through tanh, to weights, to inputs.
        assert_eq!(made(loss.gradient()?), [("expand", 2), ("reverse", 7), ("copies", 5)]);
        // A copy of the tangents; those of products by either factor, of tanh, of the sum.
        assert_eq!(made(loss.jvp()?), [("expand", 2), ("forward", 7), ("copies", 6)]);
        assert_eq!(made(loss.only(&["value"])?), [("simplify", 2)]);
        let rows = loss.over_rows(&["x"], 10, Rows::Sum)?;
        assert_eq!(made(rows.clone()), [("rows", rows.steps().len() as u32)]);
        Ok(())
    }

    #[test]
    fn programs_that_do_the_same_are_equal_however_they_were_made() -> Result<()> {
        let product = Program::record(&[0.5; 2], |x| x[0] * x[1])?;
        let with_more = Program::record(&[0.5; 2], |x| {
            let _ = x[0].exp();
            x[0] * x[1]
        })?;
        assert_eq!(product, with_more);
        assert_ne!(product.explain().stages, with_more.explain().stages);
        Ok(())
    }
}
