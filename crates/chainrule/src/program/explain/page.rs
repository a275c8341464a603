//! The page that an explanation is to read.

use super::{Explained, Explanation, Part, TURNS};
use crate::program::Stage;
use crate::text::{counted, thousands};
use std::fmt;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let instructions = self.instructions();
        let named = |name: &str, length: u64| match length {
            1 => name.to_string(),
            _ => format!("{name} [{}]", thousands(length)),
        };
        let inputs: Vec<String> = self.inputs.iter().map(|input| named(&input.name, input.length.into())).collect();
        let outputs: Vec<String> = self.outputs.iter().map(|(name, length)| named(name, *length as u64)).collect();
        writeln!(
            f,
            "{} on scalars in {}",
            counted_with_thousands(self.operations(), "operation"),
            counted(instructions.len(), "instruction")
        )?;
        writeln!(f, "from {} to {}", inputs.join(", "), outputs.join(", "))?;
        let constants = counted(self.constants, "constant");
        writeln!(f, "{constants}; {} slots, {} bytes", thousands(self.slots.into()), thousands(self.bytes()))?;
        for guard in &self.guards {
            writeln!(f, "as long as {guard}")?;
        }
        let widest = |text: &dyn Fn(&Explained) -> usize| instructions.iter().map(|i| text(i)).max().unwrap_or(0);
        let columns = Columns {
            number: widest(&|explained| explained.number.to_string().len()),
            operations: widest(&|explained| thousands(explained.operations).len()).max("operations".len()),
            kind: widest(&|explained| explained.kind.len()),
        };
        write_stages(f, &self.stages)?;
        writeln!(f, "\n{:>1$}", "operations", columns.number + 2 + columns.operations)?;
        self.parts.iter().try_for_each(|part| columns.write(f, part, 0))
    }
}

/// A table of what each pass has left; what it began with stands above.
fn write_stages(f: &mut fmt::Formatter, stages: &[Stage]) -> fmt::Result {
    if stages.is_empty() {
        return Ok(());
    }
    let widest = |text: &dyn Fn(&Stage) -> usize| stages.iter().map(text).max().unwrap_or(0);
    let count = |stage: &Stage| thousands(stage.count.into());
    let (names, counts) = (widest(&|stage| stage.pass.name().len()), widest(&|stage| count(stage).len()));
    writeln!(f, "\n{:names$}   leaves", "pass")?;
    stages
        .iter()
        .try_for_each(|stage| writeln!(f, "{:names$}   {:>counts$} {}", stage.pass.name(), count(stage), stage.unit()))
}

/// How wide the columns of the table of instructions are.
struct Columns {
    number: usize,
    operations: usize,
    kind: usize,
}

impl Columns {
    fn write(&self, f: &mut fmt::Formatter, part: &Part, depth: usize) -> fmt::Result {
        let indent = "    ".repeat(depth);
        match part {
            Part::Run(Explained { number, kind, formula, operations, .. }) => {
                let operations = thousands(*operations);
                write!(f, "{number:>0$}  {operations:>1$}  ", self.number, self.operations)?;
                writeln!(f, "{indent}{kind:<0$}   {formula}", self.kind)
            }
            Part::Repeat { trips, body } => {
                let margin = " ".repeat(self.number + 2 + self.operations + 2);
                writeln!(f, "{margin}{indent}for {} turns {}:", thousands((*trips).into()), TURNS[depth])?;
                body.iter().try_for_each(|part| self.write(f, part, depth + 1))
            }
        }
    }
}

fn counted_with_thousands(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", thousands(count)) }
}
