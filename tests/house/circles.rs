//! Circles in a directed graph: its strongly connected components of two or more (Tarjan 1972).

/// The circles among `nodes` nodes that are joined by `arrows`, each in ascending order.
pub fn circles(nodes: usize, arrows: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut search = Search {
        targets: vec![Vec::new(); nodes],
        order: vec![None; nodes],
        lowest: vec![0; nodes],
        open: Vec::new(),
        is_open: vec![false; nodes],
        seen: 0,
        found: Vec::new(),
    };
    for &(from, to) in arrows {
        search.targets[from].push(to);
    }
    for node in 0..nodes {
        if search.order[node].is_none() {
            search.visit(node);
        }
    }
    search.found.sort();
    search.found
}

struct Search {
    targets: Vec<Vec<usize>>,
    order: Vec<Option<usize>>,
    lowest: Vec<usize>,
    open: Vec<usize>,
    is_open: Vec<bool>,
    seen: usize,
    found: Vec<Vec<usize>>,
}

impl Search {
    fn visit(&mut self, node: usize) {
        let order = self.seen;
        self.seen += 1;
        self.order[node] = Some(order);
        self.lowest[node] = order;
        self.open.push(node);
        self.is_open[node] = true;
        for target in self.targets[node].clone() {
            match self.order[target] {
                None => {
                    self.visit(target);
                    self.lowest[node] = self.lowest[node].min(self.lowest[target]);
                }
                Some(order) if self.is_open[target] => {
                    self.lowest[node] = self.lowest[node].min(order);
                }
                Some(_) => {}
            }
        }
        if self.lowest[node] != order {
            return;
        }
        let mut circle = Vec::new();
        while let Some(last) = self.open.pop() {
            self.is_open[last] = false;
            circle.push(last);
            if last == node {
                break;
            }
        }
        if circle.len() > 1 {
            circle.sort_unstable();
            self.found.push(circle);
        }
    }
}

#[test]
fn two_circles_are_found_and_a_tree_is_none() {
    let arrows = [
        (0, 1),
        (1, 2),
        (2, 0),
        (2, 3),
        (3, 4),
        (4, 3),
        (5, 0),
        (6, 6),
    ];
    let found = circles(7, &arrows);
    assert_eq!(found, [vec![0, 1, 2], vec![3, 4]]);
    assert!(circles(3, &[(0, 1), (0, 2), (1, 2)]).is_empty());
}
