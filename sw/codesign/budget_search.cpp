#include "sw/codesign/budget_search.hpp"

#include <limits>

namespace cimbalom::codesign {
namespace {

/// One layer's or value's option changes.
struct move {
  bool is_value = false;
  std::size_t which = 0, option = 0;
};

class searcher {
 public:
  explicit searcher(const budget_problem& problem) : problem_(problem) {
    now_.layers.assign(problem.layers.size(), 0);
    now_.values.assign(problem.values.size(), 0);
  }

  budget_choice run() {
    while (now_.cost = cost(now_), now_.cost > limit())
      if (!give_way()) return finished(false);
    while (improve()) {
    }
    return finished(true);
  }

 private:
  double limit() const { return problem_.most * (1 + 1e-12); }

  double cost(const budget_choice& at) const {
    double sum = 0;
    for (std::size_t l = 0; l < at.layers.size(); ++l) {
      const layer_candidates& c = problem_.layers[l];
      sum += c.options[at.layers[l]].slice_cost * problem_.values[c.input][at.values[c.input]].slices;
    }
    return sum;
  }
  double loss(const budget_choice& at) const {
    double sum = 0;
    for (std::size_t l = 0; l < at.layers.size(); ++l) sum += problem_.layers[l].options[at.layers[l]].loss;
    for (std::size_t v = 0; v < at.values.size(); ++v) sum += problem_.values[v][at.values[v]].loss;
    return sum;
  }
  static budget_choice moved(budget_choice from, const move& m) {
    (m.is_value ? from.values : from.layers)[m.which] = m.option;
    return from;
  }

  template <class F>
  void each_move(const F& visit) const {
    for (std::size_t l = 0; l < problem_.layers.size(); ++l)
      for (std::size_t k = 0; k < problem_.layers[l].options.size(); ++k)
        if (k != now_.layers[l]) visit(move{false, l, k});
    for (std::size_t v = 0; v < problem_.values.size(); ++v)
      for (std::size_t k = 0; k < problem_.values[v].size(); ++k)
        if (k != now_.values[v]) visit(move{true, v, k});
  }

  /// The cheaper option that loses least a unit of cost.
  bool give_way() {
    const double before = loss(now_);
    double best = std::numeric_limits<double>::infinity();
    budget_choice chosen;
    each_move([&](const move& m) {
      const budget_choice made = moved(now_, m);
      const double saved = now_.cost - cost(made);
      if (!(saved > 0)) return;
      const double price = (loss(made) - before) / saved;
      if (price >= best) return;
      best = price;
      chosen = made;
    });
    if (chosen.layers.size() != now_.layers.size() || best == std::numeric_limits<double>::infinity()) return false;
    now_ = chosen;
    return true;
  }

  /// One move, or two at once, that lower the loss within the budget.
  bool improve() {
    const double before = loss(now_);
    double best = before - 1e-12 * (before > 0 ? before : 0);
    budget_choice chosen = now_;
    bool found = false;
    const auto consider = [&](const budget_choice& made) {
      const double value = loss(made);
      if (value >= best || cost(made) > limit()) return;
      best = value;
      chosen = made;
      found = true;
    };
    each_move([&](const move& first) {
      const budget_choice one = moved(now_, first);
      consider(one);
      each_move([&](const move& second) {
        if (second.is_value != first.is_value || second.which != first.which) consider(moved(one, second));
      });
    });
    now_ = chosen;
    return found;
  }

  budget_choice finished(bool met) {
    now_.cost = cost(now_);
    now_.loss = loss(now_);
    now_.met = met;
    return now_;
  }

  const budget_problem& problem_;
  budget_choice now_;
};

}  // namespace

budget_choice search(const budget_problem& problem) {
  return searcher(problem).run();
}

}  // namespace cimbalom::codesign
