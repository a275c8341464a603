//! Lookups: one of several choices, by an index that is known when it runs.

use chainrule::{Number, Op, Value, no_grad, tape};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn table(rows: usize, columns: usize) -> Vec<Vec<Value>> {
    let number = |row: usize, column: usize| Value::new((10 * row + column) as f64);
    (0..rows).map(|row| (0..columns).map(|column| number(row, column)).collect()).collect()
}

fn message_of<T: std::fmt::Debug>(misuse: impl FnOnce() -> T) -> String {
    let panic = catch_unwind(AssertUnwindSafe(misuse)).expect_err("this is a misuse");
    panic.downcast_ref::<String>().expect("a panic with a message").clone()
}

#[test]
fn the_index_counts_from_0() {
    let choices = [4.0, 5.0, 6.0].map(Value::new);
    for (index, expected) in [(0.0, 4.0), (-0.0, 4.0), (1.0, 5.0), (2.0, 6.0)] {
        assert_eq!(Value::new(index).lookup(&choices).data(), expected);
        assert_eq!(Value::constant(index).lookup(&choices).data(), expected);
    }
}

#[test]
fn only_what_was_chosen_gets_the_gradient() {
    let choices = [4.0, 5.0, 6.0].map(Value::new);
    let index = Value::new(1.0);
    // d/dc (3 * c^2) = 6 * c
    let y = index.lookup(&choices).powi(2) * 3.0;
    y.backward();
    assert_eq!(choices.map(Value::grad), [0.0, 30.0, 0.0]);
    assert_eq!(index.grad(), 0.0);
}

#[test]
fn a_choice_that_comes_twice_is_chosen_once() {
    let x = Value::new(3.0);
    let y = Value::constant(1.0).lookup(&[x, x, x]);
    assert_eq!(y.gradient(&[x]), [1.0]);
}

#[test]
fn choices_may_stand_anywhere() {
    let (a, b, c) = (Value::new(1.0), Value::new(2.0), Value::new(3.0));
    let index = Value::new(0.0);
    let arrangements = [
        vec![a, b, c],
        vec![c, b, a],
        vec![a, c],
        vec![c, a],
        vec![a, Value::constant(7.0), c],
        vec![Value::constant(7.0), b],
        vec![a, a],
        vec![a + 1.0, b * 2.0, c - a],
        vec![b],
        vec![Value::constant(7.0), Value::constant(8.0)],
    ];
    for choices in arrangements {
        for place in 0..choices.len() {
            index.set_data(place as f64);
            let y = index.lookup(&choices);
            assert_eq!(y.data(), choices[place].data());
            assert_eq!(y.gradient(&[a, b, c]), choices[place].gradient(&[a, b, c]));
            let operands = y.operands();
            assert!(operands[0].is_same(index));
            let are_choices = |(operand, choice): (&Value, &Value)| operand.is_same(*choice) || operand == choice;
            assert!(operands.len() == choices.len() + 1 && operands[1..].iter().zip(&choices).all(are_choices));
        }
    }
}

#[test]
fn a_row_is_looked_up_column_by_column() {
    let table = table(5, 3);
    let index = Value::new(3.0);
    let row = index.lookup_row(&table);
    assert_eq!(row.iter().map(|value| value.data()).collect::<Vec<_>>(), [30.0, 31.0, 32.0]);
    assert!(row.iter().all(|value| value.op() == Some(Op::Lookup)));
    let y = Value::dot(&row, &[1.0, 2.0, 3.0].map(Value::constant));
    y.backward();
    for (number, row) in table.iter().enumerate() {
        let expected = if number == 3 { [1.0, 2.0, 3.0] } else { [0.0; 3] };
        assert_eq!(row.iter().map(|value| value.grad()).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn columns_of_a_long_table_take_no_more_memory_than_those_of_a_short_one() {
    let bytes_of_lookups = |rows: usize| {
        std::thread::spawn(move || {
            let table = table(rows, 16);
            let index = Value::new(0.0);
            tape::reserve(1600);
            let before = tape::size().bytes;
            for _ in 0..100 {
                index.lookup_row(&table);
            }
            tape::size().bytes - before
        })
    };
    let bytes_of = |rows| bytes_of_lookups(rows).join().expect("lookups do not panic");
    assert_eq!(bytes_of(1000), bytes_of(100));
}

#[test]
fn nothing_is_recorded_of_constants_and_without_grad() {
    let choices = [4.0, 5.0].map(Value::constant);
    assert!(Value::constant(1.0).lookup(&choices).is_constant());
    assert!(!Value::new(1.0).lookup(&choices).is_constant());
    let leaves = [4.0, 5.0].map(Value::new);
    assert!(no_grad(|| Value::new(1.0).lookup(&leaves)).is_constant());
}

#[test]
fn lookups_are_kept_with_what_they_choose_from() {
    let index = Value::new(2.0);
    let mut scope = tape::scope();
    let table = table(4, 3);
    let unused = table[0][0] + table[1][1];
    let mut results = [index.lookup(&[table[0][1], table[1][1], table[2][1], table[3][1]]), table[2][1]];
    scope.keep(&mut results);
    let [y, choice] = results;
    assert_eq!((y.data(), y.gradient(&[choice])), (21.0, vec![1.0]));
    assert!(y.operands()[0].is_same(index) && y.operands()[3].is_same(choice));
    assert!(catch_unwind(AssertUnwindSafe(|| unused + 1.0)).is_err());
}

#[test]
fn an_index_that_counts_to_nothing_is_refused() {
    let choices = [4.0, 5.0, 6.0].map(Value::new);
    for index in [3.0, -1.0, 0.5, f64::NAN, f64::INFINITY, 1e300] {
        let message = message_of(|| Value::new(index).lookup(&choices));
        assert!(message.contains(&format!("the index is {index}, and there are 3 choices")), "{message}");
        assert!(index.lookup(&[4.0, 5.0, 6.0]).is_nan(), "plain numbers have no such choice either");
    }
    assert!(message_of(|| Value::new(0.0).lookup(&[])).contains("there are 0 choices"));
    let ragged = [vec![Value::new(1.0)], Vec::new()];
    let message = message_of(|| Value::new(0.0).lookup_row(&ragged));
    assert!(message.contains("row 0 has 1 numbers, row 1 0"), "{message}");
}

#[test]
fn stale_choices_are_refused() {
    let kept = Value::new(1.0);
    let stale = {
        let _scope = tape::scope();
        [Value::new(1.0), Value::new(2.0)]
    };
    for choices in [[stale[0], stale[1]], [kept, stale[1]], [stale[1], kept]] {
        assert!(catch_unwind(|| Value::constant(0.0).lookup(&choices)).is_err());
    }
    assert!(catch_unwind(|| stale[0].lookup(&[kept])).is_err());
}
