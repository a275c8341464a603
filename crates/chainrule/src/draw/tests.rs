//! Whole pictures: they are well-formed, say what they show, stay small and survive any data.

use proptest::prelude::*;
use roxmltree::Document;

use super::*;

/// Reads a picture as XML and checks what holds for every one of them.
pub(super) fn checked(svg: &str) -> Document<'_> {
    let document = Document::parse(svg).expect("well-formed XML");
    let root = document.root_element();
    assert_eq!(root.attribute("role"), Some("img"));
    let labels = root.attribute("aria-labelledby").expect("a label").split(' ');
    for (label, tag) in labels.zip(["title", "desc"]) {
        let element = root.children().find(|node| node.attribute("id") == Some(label)).expect("the label's element");
        assert_eq!(element.tag_name().name(), tag);
    }
    for node in root.descendants() {
        for attribute in node.attributes().filter(|attribute| !attribute.name().starts_with("aria")) {
            let value = attribute.value();
            assert!(!value.contains("NaN") && !value.contains("inf"), "{}=\"{value}\"", attribute.name());
            assert!(!value.contains("http"), "{}=\"{value}\" is an external reference", attribute.name());
        }
    }
    document
}

pub(super) fn texts(svg: &str) -> Vec<String> {
    let document = checked(svg);
    let texts = document.descendants().filter(|node| node.has_tag_name(("http://www.w3.org/2000/svg", "text")));
    texts.filter_map(|node| node.text()).map(str::to_string).collect()
}

fn two_classes() -> Samples<usize> {
    Samples::new("width", "height").train([(0.0, 0.0, 0), (1.0, 1.0, 1)]).test([(0.2, 0.1, 0)])
}

fn slope(places: &[(f64, f64)]) -> Vec<Vec<f64>> {
    places.iter().map(|(x, y)| vec![x + y - 1.0]).collect()
}

type Rings = Vec<Vec<(f64, f64)>>;

/// The colours of the regions of a plot, from back to front, with the rings of each.
fn regions(plot: &Plot) -> Vec<(Color, &Rings)> {
    let mut regions = Vec::new();
    for mark in &plot.marks {
        if let Mark::Region(Region { fill: Some(color), rings, .. }) = mark {
            regions.push((*color, rings));
        }
    }
    regions
}

#[test]
fn names_with_markup_come_through_whole() {
    let name = "a<b & \"c\"";
    let svg = Plot::new(name).x_label(name).y_label(name).line(name, [(0.0, 1.0), (1.0, 2.0)]).to_svg();
    assert_eq!(texts(&svg).iter().filter(|text| *text == name).count(), 4);
}

#[test]
fn a_picture_has_a_title_and_a_description() {
    let svg = decision_boundary("Moons", &two_classes(), &["upper", "lower"], slope).to_svg();
    let document = checked(&svg);
    let text = |tag| document.descendants().find(|node| node.tag_name().name() == tag).and_then(|node| node.text());
    assert_eq!(text("title"), Some("Moons"));
    let description = text("desc").unwrap();
    for word in ["height", "width", "upper", "lower", "2 training", "1 test"] {
        assert!(description.contains(word), "{description}");
    }
}

#[test]
fn light_is_in_the_attributes_and_dark_in_the_style_sheet() {
    let svg = Plot::new("Page").line("", [(0.0, 0.0), (1.0, 1.0)]).to_svg();
    let document = checked(&svg);
    let background = document.descendants().find(|node| node.tag_name().name() == "rect").unwrap();
    assert_eq!(background.attribute("fill"), Some("#ffffff"));
    let style = document.descendants().find(|node| node.tag_name().name() == "style").unwrap().text().unwrap();
    assert!(style.starts_with("@media (prefers-color-scheme: dark)"));
    assert!(style.contains(".cr-fill-paper{fill:#15181d}"));
}

#[test]
fn equal_pictures_are_equal_files() {
    let draw = || decision_boundary("Moons", &two_classes(), &["upper", "lower"], slope).to_svg();
    assert_eq!(draw(), draw());
}

#[test]
fn degenerate_data_still_gives_a_picture() {
    let nan = f64::NAN;
    let lines: [&[(f64, f64)]; 6] = [
        &[],
        &[(1.0, 1.0)],
        &[(2.0, 3.0), (2.0, 3.0)],
        &[(nan, nan), (f64::INFINITY, 1.0)],
        &[(0.0, -f64::MAX), (1.0, f64::MAX)],
        &[(-1.0, -1.0), (0.0, 0.0)],
    ];
    for line in lines {
        let points = || line.iter().copied();
        let plot = Plot::new("").line("l", points()).points("p", points());
        for plot in [plot.clone(), plot.clone().log_x(), plot.clone().log_y(), plot.size(nan, -1.0)] {
            assert!(texts(&plot.to_svg()).len() > 4, "an axis without labels for {line:?}");
        }
        checked(&loss_curve("", &[Curve::new("", points())], &[Curve::new("", points())]).to_svg());
        checked(&fit("", ["x", "y"], line, line, |xs| vec![nan; xs.len()]).to_svg());
    }
    checked(&loss_curve("", &[], &[]).to_svg());
    checked(&Figure { title: String::new(), columns: Vec::new() }.to_svg());
}

#[test]
fn scores_that_are_not_finite_do_not_break_a_boundary() {
    for score in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, 0.0] {
        for classes in 1..4 {
            let half = |places: &[(f64, f64)]| -> Vec<Vec<f64>> {
                places.iter().map(|(x, y)| vec![if *x < 0.5 { score } else { x * y - 0.4 }; classes]).collect()
            };
            checked(&decision_boundary("", &two_classes(), &["a"], half).to_svg());
            checked(
                &decision_boundary("", &two_classes(), &["a"], |places| vec![vec![score; classes]; places.len()])
                    .to_svg(),
            );
        }
        let targets = Samples::new("x", "y").train([(0.0, 0.0, score), (1.0, 1.0, 2.0)]);
        checked(
            &contours("", &targets, "t", |places| places.iter().map(|p| if p.0 < 0.5 { score } else { p.1 }).collect())
                .to_svg(),
        );
        checked(&contours("", &Samples::new("x", "y"), "t", |places| vec![score; places.len()]).to_svg());
    }
}

#[test]
fn class_1_is_where_the_score_is_greater_than_0() {
    let plot = decision_boundary("", &two_classes(), &["a", "b"], slope);
    let colors: Vec<Color> = regions(&plot).iter().map(|region| region.0).collect();
    assert_eq!(colors[..2], [Color::Tint(1), Color::Tint(0)]);
    // Class 0 is laid over class 1, and lies below the line x + y = 1.
    let inside = |x: f64| (-0.1..=1.1).contains(&x);
    let ring = regions(&plot)[1].1[0].iter().filter(|(x, y)| inside(*x) && inside(*y));
    assert!(ring.clone().count() > 100 && ring.clone().all(|(x, y)| x + y <= 1.0 + 1e-9));

    let undecided = decision_boundary("", &two_classes(), &["a", "b"], |places| vec![vec![0.0]; places.len()]);
    assert_eq!(regions(&undecided)[1].1.len(), 1, "a score of 0 is class 0 everywhere");
}

#[test]
fn the_largest_of_several_scores_decides() {
    // Three thirds of the plane by angle: class k is where its own direction is the nearest.
    let toward = |x: f64, y: f64, class: usize| {
        let angle = class as f64 * std::f64::consts::TAU / 3.0;
        x * angle.cos() + y * angle.sin()
    };
    let samples = Samples::new("x", "y").train([(-1.0, -1.0, 0), (1.0, 1.0, 2)]);
    let plot = decision_boundary("", &samples, &["a", "b", "c"], |places| {
        places.iter().map(|&(x, y)| (0..3).map(|class| toward(x, y, class)).collect()).collect()
    });
    let colors: Vec<Color> = regions(&plot).iter().map(|region| region.0).collect();
    assert_eq!(colors[..3], [Color::Tint(2), Color::Tint(1), Color::Tint(0)]);
    let first = regions(&plot)[2].1;
    assert!(first[0].iter().all(|&(x, y)| toward(x, y, 0) >= toward(x, y, 1).max(toward(x, y, 2)) - 0.02));
}

#[test]
fn the_legend_names_each_class_and_the_test_points() {
    let svg = decision_boundary("", &two_classes(), &["upper"], slope).to_svg();
    let texts = texts(&svg);
    for entry in ["upper", "class 1", "test", "boundary (score 0)", "score, every 0.2"] {
        assert!(texts.iter().any(|text| text == entry), "{entry} in {texts:?}");
    }
}

#[test]
fn a_hundred_classes_differ_in_colour_or_shape() {
    let looks: std::collections::HashSet<String> =
        (0..100).map(|class| format!("{} {:?}", Color::Series(class).name(), Shape::series(class))).collect();
    assert_eq!(looks.len(), 100);
}

#[test]
fn panels_with_the_same_legend_show_it_once() {
    let curve = [Curve::per_step("train", [1.0, 0.5])];
    assert_eq!(texts(&loss_curve("", &curve, &curve).to_svg()).iter().filter(|text| *text == "train").count(), 1);
}

#[test]
#[should_panic(expected = "one row of scores for each place")]
fn too_few_scores_are_a_mistake_that_says_so() {
    decision_boundary("", &two_classes(), &["a", "b"], |_| vec![vec![1.0]]);
}

#[test]
fn files_stay_small() {
    let noisy = |i: u32| 1.0 / f64::from(i + 1) + f64::from(i.wrapping_mul(2_654_435_761) >> 8) / 1e9;
    let curve = |steps| Curve::per_step("train", (0..steps).map(noisy));
    assert!(loss_curve("", &[curve(100)], &[]).to_svg().len() < 8_000);
    assert!(loss_curve("", &[curve(300_000)], &[curve(300_000)]).to_svg().len() < 120_000);
    assert!(decision_boundary("", &two_classes(), &["a", "b"], slope).to_svg().len() < 10_000);
    let crowd = (0..200_000u32).map(|i| (noisy(i), noisy(i / 3 + 7)));
    assert!(Plot::new("").points("crowd", crowd).to_svg().len() < 2_000_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_points_and_any_name_give_a_well_formed_picture(
        points in prop::collection::vec((any::<f64>(), any::<f64>()), 0..30), name in any::<String>(), log in any::<bool>()
    ) {
        let plot = Plot::new(&name).x_label(&name).y_label(&name).line(&name, points.clone()).points(&name, points);
        checked(&if log { plot.log_x().log_y() } else { plot }.to_svg());
    }
}
