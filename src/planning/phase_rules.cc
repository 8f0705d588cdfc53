// The table of phases: which recorded things speak for which, in the order of CRISP-DM.
#include <algorithm>
#include <array>

#include "planning/phases.h"

namespace stetig::planning {
namespace {

using Rule = EvidenceRule;

constexpr std::array kBusiness = {
    Rule{.node_type = "requirement", .status = "approved|met"},
    Rule{.node_type = "service_level", .status = "agreed"},
    Rule{.node_type = "decision", .status = "accepted"},
};
constexpr std::array kUnderstanding = {
    Rule{.node_type = "dataset_version"},
};
constexpr std::array kPreparation = {
    Rule{.node_type = "dataset_version", .came_from = "dataset_version"},
    Rule{.node_type = "dataset_version", .led_to = "run"},
};
constexpr std::array kModeling = {
    Rule{.node_type = "run", .status = "finished"},
    Rule{.node_type = "logged_model"},
};
constexpr std::array kEvaluation = {
    Rule{.node_type = "gate_result"},
    Rule{.node_type = "run", .came_from = "requirement"},
    Rule{.node_type = "model_version", .came_from = "requirement"},
    Rule{.node_type = "review", .status = "held"},
    Rule{.node_type = "feedback"},
};
constexpr std::array kDeployment = {
    Rule{.node_type = "deployment"},
    Rule{.node_type = "release"},
    Rule{.node_type = "alias", .came_from = "model_version"},
};

constexpr std::array kPhases = {
    PhaseDef{.name = "business_understanding",
             .title = "Business understanding",
             .doc = "Approved requirements, agreed service levels, accepted decisions.",
             .derived = kBusiness},
    PhaseDef{.name = "data_understanding",
             .title = "Data understanding",
             .doc = "Versions of data sets that runs have seen.",
             .derived = kUnderstanding},
    PhaseDef{.name = "data_preparation",
             .title = "Data preparation",
             .doc = "Versions of data sets that were made of others or went into runs.",
             .derived = kPreparation},
    PhaseDef{.name = "modeling",
             .title = "Modeling",
             .doc = "Finished runs and the models that they logged.",
             .derived = kModeling},
    PhaseDef{.name = "evaluation",
             .title = "Evaluation",
             .doc =
                 "Gate results, runs and model versions that satisfy requirements, reviews held, "
                 "feedback.",
             .derived = kEvaluation},
    PhaseDef{.name = "deployment",
             .title = "Deployment",
             .doc = "Deployments, releases, aliases of model versions.",
             .derived = kDeployment},
};
constexpr std::array<std::string_view, 3> kStatuses = {"open", "active", "done"};

}  // namespace

std::span<const PhaseDef> PhaseDefs() { return kPhases; }

const PhaseDef* FindPhase(std::string_view name) {
  std::string word(name);
  std::ranges::replace(word, '-', '_');
  const auto found = std::ranges::find(kPhases, std::string_view(word), &PhaseDef::name);
  return found == kPhases.end() ? nullptr : &*found;
}

std::span<const std::string_view> PhaseStatuses() { return kStatuses; }

}  // namespace stetig::planning
