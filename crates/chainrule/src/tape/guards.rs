//! Guards: while a program is being recorded, every comparison is noted as an operation, so that the program can tell when
//! it would take another branch.
//!
//! What is done with plain numbers from [`Value::data`], and within [`no_grad`](super::no_grad), is not noted.

use super::handle::Value;
use super::storage::with_tape;
use crate::Number;
use std::cmp::Ordering;
use std::panic::Location;

/// A comparison that came out in one way.
#[derive(Clone, Debug)]
pub(crate) struct Guard {
    /// 1 where the comparison is true, else 0.
    pub condition: Value,
    /// What it was.
    pub expected: bool,
    /// The comparison and where it stands, as in `a < b at src/model.rs:12:8`. Operands go by their names, and constants by
    /// their numbers; one without a name is `a` on the left, `b` on the right.
    pub comparison: String,
}

/// What was noted during a recording.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    /// The comparisons of what was recorded, in their order.
    pub comparisons: Vec<Guard>,
    /// The leaves that were set: what was recorded of them before and after has different numbers.
    pub changed_leaves: Vec<Value>,
}

/// Notes the comparisons that `record` makes and the leaves that it sets. Within another, only the inner one notes.
pub(crate) fn record_guards<R>(record: impl FnOnce() -> R) -> (R, Guards) {
    struct Restore(Option<Guards>);
    impl Drop for Restore {
        fn drop(&mut self) {
            with_tape(|tape| tape.guards = self.0.take());
        }
    }
    let _restore = Restore(with_tape(|tape| tape.guards.replace(Guards::default())));
    let result = record();
    (result, with_tape(|tape| tape.guards.take()).unwrap_or_default())
}

/// Records within a recording: what a surrounding [`record_guards`] would note is given back instead, to be
/// [noted](note_again) for what stands for it there. Where nobody notes, there is nothing.
pub(crate) fn record_inner_guards<R>(record: impl FnOnce() -> R) -> (R, Guards) {
    if is_noting() { record_guards(record) } else { (record(), Guards::default()) }
}

/// Notes a comparison that was made in a recording within this one, and whose condition is this one here.
pub(crate) fn note_again(guard: &Guard, condition: Value) {
    if is_noting() && !condition.is_constant() {
        let guard = Guard { condition, ..guard.clone() };
        with_tape(|tape| tape.guards.get_or_insert_default().comparisons.push(guard));
    }
}

/// How two numbers can stand to each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Relation {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

impl Relation {
    #[inline(always)]
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Relation::Less => a < b,
            Relation::LessOrEqual => a <= b,
            Relation::Greater => a > b,
            Relation::GreaterOrEqual => a >= b,
            Relation::Equal => a == b,
            Relation::NotEqual => a != b,
        }
    }

    fn symbol(self) -> &'static str {
        match self {
            Relation::Less => "<",
            Relation::LessOrEqual => "<=",
            Relation::Greater => ">",
            Relation::GreaterOrEqual => ">=",
            Relation::Equal => "==",
            Relation::NotEqual => "!=",
        }
    }

    /// 1 where it holds, else 0. With NaN nothing holds but `!=`, so `<=` is not the opposite of `>`.
    fn condition<N: Number>(self, a: N, b: N) -> N {
        match self {
            Relation::Less => a.less(b),
            Relation::LessOrEqual => a.less(b) + a.equal(b),
            Relation::Greater => b.less(a),
            Relation::GreaterOrEqual => b.less(a) + a.equal(b),
            Relation::Equal => a.equal(b),
            Relation::NotEqual => -a.equal(b) + N::constant(1.0),
        }
    }
}

/// Whether the relation holds between two values.
#[inline]
#[track_caller]
pub(super) fn holds(relation: Relation, a: Value, b: Value) -> bool {
    let holds = relation.holds(a.data(), b.data());
    if is_noting() {
        note_relation(relation, a, b);
    }
    holds
}

/// How two values are ordered, if neither is NaN.
#[inline]
#[track_caller]
pub(super) fn ordering(a: Value, b: Value) -> Option<Ordering> {
    let ordering = a.data().partial_cmp(&b.data());
    if is_noting() {
        let relations: &[Relation] = match ordering {
            Some(Ordering::Less) => &[Relation::Less],
            Some(Ordering::Equal) => &[Relation::Equal],
            Some(Ordering::Greater) => &[Relation::Greater],
            None => &[Relation::Less, Relation::Equal, Relation::Greater],
        };
        for relation in relations {
            note_relation(*relation, a, b);
        }
    }
    ordering
}

/// Whether a value has a property, which a condition tells as 1 or 0.
#[track_caller]
pub(super) fn has(property: &str, x: Value, has: bool, condition: impl FnOnce(Value) -> Value) -> bool {
    if is_noting() {
        note(condition(x), || format!("{}.{property}()", text(x, "x")));
    }
    has
}

#[inline(always)]
fn is_noting() -> bool {
    with_tape(|tape| tape.guards.is_some())
}

#[cold]
#[track_caller]
fn note_relation(relation: Relation, a: Value, b: Value) {
    let comparison = || format!("{} {} {}", text(a, "a"), relation.symbol(), text(b, "b"));
    note(relation.condition(a, b), comparison);
}

/// Notes a condition, unless it is one of constants, which are the same in every run.
#[track_caller]
fn note(condition: Value, comparison: impl FnOnce() -> String) {
    if condition.is_constant() {
        return;
    }
    let comparison = format!("{} at {}", comparison(), Location::caller());
    let guard = Guard { condition, expected: condition.data() == 1.0, comparison };
    with_tape(|tape| tape.guards.get_or_insert_default().comparisons.push(guard));
}

/// What a message calls an operand.
fn text(value: Value, nameless: &str) -> String {
    if value.is_constant() { value.data().to_string() } else { value.name().unwrap_or_else(|| nameless.to_string()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::no_grad;
    use num_traits::{Float, Zero};
    use std::panic::catch_unwind;

    const NUMBERS: [f64; 5] = [1.0, 2.0, f64::NAN, f64::INFINITY, -0.0];

    fn texts(guards: &Guards) -> Vec<String> {
        let comparison = |guard: &Guard| guard.comparison.split(" at ").next().unwrap_or_default().to_string();
        guards.comparisons.iter().map(comparison).collect()
    }

    #[test]
    fn a_condition_says_of_any_numbers_whether_its_comparison_holds() {
        type Comparison = fn(Value, Value) -> bool;
        let comparisons: [(&str, Comparison); 6] = [
            ("a < b", |a, b| a < b),
            ("a <= b", |a, b| a <= b),
            ("a > b", |a, b| a > b),
            ("a >= b", |a, b| a >= b),
            ("a == b", |a, b| a == b),
            ("a != b", |a, b| a != b),
        ];
        for (text, comparison) in comparisons {
            for (x, y) in NUMBERS.iter().flat_map(|x| NUMBERS.map(|y| (*x, y))) {
                let (a, b) = (Value::new(x), Value::new(y));
                let (holds, guards) = record_guards(|| comparison(a, b));
                assert_eq!(texts(&guards), [text]);
                let [Guard { condition, expected, .. }] = &guards.comparisons[..] else { panic!("one comparison") };
                assert_eq!((*expected, condition.data()), (holds, f64::from(holds)), "{x} {text} {y}");
            }
        }
    }

    #[test]
    fn a_condition_follows_from_its_operands() {
        let (a, b) = (Value::new(1.0), Value::new(2.0));
        let (_, guards) = record_guards(|| a < b);
        let condition = guards.comparisons[0].condition;
        assert!(condition.op() == Some(crate::Op::Less) && condition.operands()[1].is_same(b));
    }

    #[test]
    fn an_ordering_is_told_by_the_comparisons_that_make_it() {
        let (a, b) = (Value::new(1.0), Value::new(2.0));
        assert_eq!(texts(&record_guards(|| a.partial_cmp(&b)).1), ["a < b"]);
        assert_eq!(texts(&record_guards(|| a.partial_cmp(&a)).1), ["a == b"]);
        assert_eq!(texts(&record_guards(|| b.partial_cmp(&a)).1), ["a > b"]);
        let (ordering, guards) = record_guards(|| a.partial_cmp(&Value::new(f64::NAN)));
        assert_eq!((ordering, texts(&guards)), (None, ["a < b", "a == b", "a > b"].map(String::from).to_vec()));
        assert!(guards.comparisons.iter().all(|guard| !guard.expected));
    }

    #[test]
    fn properties_of_a_number_are_comparisons_too() {
        for x in NUMBERS {
            let x = Value::new(x);
            let (is, guards) = record_guards(|| {
                [x.is_nan(), x.is_infinite(), x.is_finite(), x.is_normal(), Zero::is_zero(&x)].map(f64::from)
            });
            let conditions: Vec<f64> = guards.comparisons.iter().map(|guard| guard.condition.data()).collect();
            assert_eq!(conditions, is);
            assert_eq!(texts(&guards)[..2], ["x.is_nan()", "x.is_infinite()"]);
        }
        let (is_negative, guards) = record_guards(|| Value::new(-0.0).is_sign_negative());
        assert!(is_negative && guards.comparisons[0].expected);
    }

    #[test]
    fn a_comparison_is_told_with_names_numbers_and_its_place() {
        let loss = Value::new(1.0).named("loss");
        let line = line!() + 1;
        let (_, guards) = record_guards(|| loss * 2.0 < loss || 0.5 >= loss);
        assert_eq!(texts(&guards), ["a < loss", "0.5 >= loss"]);
        let place = format!(" at {}:{line}:", file!());
        assert!(guards.comparisons.iter().all(|guard| guard.comparison.contains(&place)), "{guards:?}");
    }

    #[test]
    fn nothing_is_noted_of_constants_without_grad_and_afterwards() {
        let x = Value::new(1.0);
        let (_, guards) = record_guards(|| {
            let (one, two) = (Value::constant(1.0), Value::constant(2.0));
            (one < two, no_grad(|| x < 2.0), x.data() < 2.0)
        });
        assert!(guards.comparisons.is_empty() && guards.changed_leaves.is_empty());
        let nodes = crate::tape::size().nodes;
        assert!(x < 2.0 && x.is_finite());
        assert_eq!(crate::tape::size().nodes, nodes);
    }

    #[test]
    fn leaves_that_were_set_are_noted() {
        let (x, y) = (Value::new(1.0), Value::new(2.0));
        x.set_data(2.0);
        let (_, guards) = record_guards(|| y.set_data(3.0));
        assert!(guards.changed_leaves.len() == 1 && guards.changed_leaves[0].is_same(y));
    }

    #[test]
    fn inner_recordings_note_for_themselves() {
        let x = Value::new(1.0);
        let ((_, inner), outer) = record_guards(|| {
            let _ = x < 2.0;
            let inner = record_guards(|| x == 1.0);
            let panic = catch_unwind(|| record_guards(|| panic!("halfway")));
            assert!(x > 0.0 && panic.is_err());
            inner
        });
        assert_eq!((texts(&inner), texts(&outer)), (vec!["a == 1".into()], vec!["a < 2".into(), "a > 0".into()]));
    }
}
