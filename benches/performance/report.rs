//! The page: tables as Markdown, and the targets with what was reached.

use super::gauge::Series;

/// What was to be reached, and what was.
struct Target {
    what: String,
    wanted: String,
    reached: String,
    met: bool,
    /// How far the figure is from the target; above 1 is better than it.
    ratio: f64,
}

#[derive(Default)]
pub struct Report {
    targets: Vec<Target>,
}

impl Report {
    /// Begins a part of the page.
    pub fn begin(title: &str) -> Self {
        println!("## {title}\n");
        Self::default()
    }

    /// Prints a heading.
    pub fn section(&self, title: &str) {
        eprintln!("{title} ...");
        println!("### {title}\n");
    }

    /// Prints a paragraph.
    pub fn text(&self, text: &str) {
        println!("{text}\n");
    }

    /// Prints a table; all columns but the first are figures.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) {
        println!("| {} |", head.join(" | "));
        println!("|---|{}", "--:|".repeat(head.len() - 1));
        for row in rows {
            println!("| {} |", row.join(" | "));
        }
        println!();
    }

    /// Notes a figure that must not be below its target.
    pub fn at_least(&mut self, what: &str, reached: f64, wanted: f64, unit: &str) {
        self.note(what, format!("at least {wanted}{unit}"), format!("{}{unit}", short(reached)), reached / wanted);
    }

    /// Notes a figure that must not be above its target.
    pub fn at_most(&mut self, what: &str, reached: f64, wanted: f64, unit: &str) {
        self.note(what, format!("at most {wanted}{unit}"), format!("{}{unit}", short(reached)), wanted / reached);
    }

    fn note(&mut self, what: &str, wanted: String, reached: String, ratio: f64) {
        self.targets.push(Target { what: what.to_owned(), wanted, reached, met: ratio >= 1.0, ratio });
    }

    /// Prints the targets of this part, met or missed.
    pub fn end(&self) {
        println!("### Targets\n");
        let row = |target: &Target| {
            let verdict = if target.met { "met" } else { "**missed**" };
            vec![
                target.what.clone(),
                target.wanted.clone(),
                target.reached.clone(),
                short(target.ratio),
                verdict.to_owned(),
            ]
        };
        let rows: Vec<Vec<String>> = self.targets.iter().map(row).collect();
        self.table(&["what", "wanted", "measured", "ratio", ""], &rows);
    }
}

/// Returns a figure with three digits that count.
pub fn short(figure: f64) -> String {
    let decimals = match figure.abs() {
        f if f >= 100.0 => 0,
        f if f >= 10.0 => 1,
        f if f >= 1.0 => 2,
        _ => 3,
    };
    format!("{figure:.decimals$}")
}

/// Returns a series in other units: the median, and the range in brackets.
pub fn figure(series: &Series, factor: f64) -> String {
    let [middle, least, most] = [series.median(), series.least(), series.most()].map(|figure| short(figure * factor));
    if least == most { middle } else { format!("{middle} ({least}–{most})") }
}
