#include "api/sight.h"

#include <algorithm>
#include <map>

namespace stetig::api {
namespace {

using access::Principal;
using journal::Ref;

std::string_view Before(std::string_view id, size_t place) { return id.substr(0, place); }

/// What the id alone tells: hidden or not; nothing: the store must say.
std::optional<bool> HiddenById(const Principal& who, std::string_view type, std::string_view id) {
  if (type == "project") return !who.SeesProject(id);
  if (type == "experiment") return !who.SeesExperiment(id);
  if (type == "dataset" || type == "artifact") {
    return !who.SeesExperiment(Before(id, id.find('/')));
  }
  if (type == "registered_model") return !who.SeesModel(id);
  if (type == "model_version") return !who.SeesModel(Before(id, id.rfind('/')));
  if (type == "alias") return !who.SeesModel(Before(id, id.rfind('@')));
  return std::nullopt;
}

bool IsPersonal(std::string_view type) {
  return type == "user" || type == "group" || type == "token" || type == "setting";
}

class TraceSight final : public trace::Sight {
 public:
  explicit TraceSight(Principal who) : who_(std::move(who)) {}

  Result<std::vector<bool>> Hidden(store::Session& session,
                                   std::span<const trace::Node> nodes) const override {
    std::vector<std::string> runs;
    std::vector<std::string> models;
    for (const trace::Node& node : nodes) {
      if (node.ref.type == "run") runs.push_back(node.ref.id);
      if (node.ref.type == "logged_model") models.push_back(node.ref.id);
    }
    ASSIGN_OR_RETURN(const tracking::Homes homes, tracking::ReadHomes(session, runs, models));
    std::vector<bool> hidden;
    hidden.reserve(nodes.size());
    for (const trace::Node& node : nodes) {
      const auto home = homes.find(node.ref.id);
      const bool by_home = home != homes.end() && !who_.SeesExperiment(home->second);
      const bool by_id = HiddenById(who_, node.ref.type, node.ref.id).value_or(false);
      // A node that no project claims is hidden by what it is, or stays open.
      const bool by_project = !node.project.empty() && !who_.SeesProject(node.project);
      hidden.push_back(by_home || by_id || by_project);
    }
    return hidden;
  }

  bool Knows(std::string_view type) const override {
    return type == "run" || type == "logged_model" || planning::FindKind(type) != nullptr ||
           HiddenById(who_, type, "").has_value();
  }

 private:
  const Principal who_;
};

}  // namespace

Task<HiddenThings> FindHidden(Context* context, Principal who, std::vector<Ref> refs,
                              Deadline deadline) {
  HiddenThings hidden;
  if (!who.scope) co_return hidden;
  std::vector<std::string> records;
  std::vector<std::string> runs;
  std::vector<std::string> models;
  for (const Ref& ref : refs) {
    if (const auto known = HiddenById(who, ref.type, ref.id)) {
      if (*known) hidden.emplace(ref.type, ref.id);
    } else if (ref.type == "run") {
      runs.push_back(ref.id);
    } else if (ref.type == "logged_model") {
      models.push_back(ref.id);
    } else if (planning::FindKind(ref.type) != nullptr) {
      records.push_back(ref.id);
    }
  }
  constexpr size_t kAtOnce = 1'000;
  for (size_t at = 0; at < records.size(); at += kAtOnce) {
    std::vector<std::string> some(
        records.begin() + static_cast<ptrdiff_t>(at),
        records.begin() + static_cast<ptrdiff_t>(std::min(records.size(), at + kAtOnce)));
    auto found = co_await context->planning.HiddenOf(who, std::move(some), deadline);
    ASSIGN_OR_CO_RETURN(const std::vector<std::string> ids, std::move(found));
    for (const Ref& ref : refs) {
      if (planning::FindKind(ref.type) != nullptr && std::ranges::find(ids, ref.id) != ids.end()) {
        hidden.emplace(ref.type, ref.id);
      }
    }
  }
  if (!runs.empty() || !models.empty()) {
    auto found = co_await context->tracking.FindHomes(std::move(runs), std::move(models), deadline);
    ASSIGN_OR_CO_RETURN(const tracking::Homes homes, std::move(found));
    for (const Ref& ref : refs) {
      const auto home = homes.find(ref.id);
      if ((ref.type == "run" || ref.type == "logged_model") && home != homes.end() &&
          !who.SeesExperiment(home->second)) {
        hidden.emplace(ref.type, ref.id);
      }
    }
  }
  co_return hidden;
}

Task<bool> ShowsOthers(Context* context, Principal who, Deadline deadline) {
  if (who.May(access::Capability::kAudit)) co_return true;
  co_return co_await context->access.ActivityShown(deadline);
}

Task<std::vector<journal::Event>> SeenEvents(Context* context, Principal who,
                                             std::vector<journal::Event> events,
                                             Deadline deadline) {
  std::vector<Ref> refs;
  if (who.scope) {
    for (const journal::Event& event : events) {
      refs.push_back(event.subject);
      refs.insert(refs.end(), event.refs.begin(), event.refs.end());
    }
  }
  auto looked = co_await FindHidden(context, who, std::move(refs), deadline);
  ASSIGN_OR_CO_RETURN(const HiddenThings hidden, std::move(looked));
  auto asked = co_await ShowsOthers(context, who, deadline);
  ASSIGN_OR_CO_RETURN(const bool others, std::move(asked));
  const bool people = who.May(access::Capability::kAudit) || who.May(access::Capability::kAdmin);
  const bool only = who.scope && who.scope->projects.only;
  const auto is_hidden = [&](const journal::Event& event) {
    // An event of no project about a thing of one is the thing's.
    if (!event.project.empty() && !who.SeesProject(event.project)) return true;
    const bool own = event.actor == who.user;
    if (IsPersonal(event.subject.type) && !people) {
      return !own && !(event.subject.type == "user" && event.subject.id == who.user);
    }
    if (hidden.contains({event.subject.type, event.subject.id})) return true;
    // Whoever linked something they do not see learns nothing of it by their own words.
    const bool own_link = own && event.subject.type == "link";
    const bool by_ref = std::ranges::any_of(event.refs, [&](const Ref& ref) {
      const bool record = planning::FindKind(ref.type) != nullptr;
      return hidden.contains({ref.type, ref.id}) && (record || !own_link);
    });
    if (by_ref) return true;
    // One project's token sees what that project has a part in.
    return only && event.project.empty() && event.subject.type != "run" &&
           !HiddenById(who, event.subject.type, event.subject.id).has_value() &&
           event.subject.type != "logged_model";
  };
  std::erase_if(events, is_hidden);
  for (journal::Event& event : events) {
    if (!others && event.actor != who.user) event.actor.clear();
  }
  co_return events;
}

std::shared_ptr<const trace::Sight> SightOf(const Principal& who) {
  if (!who.scope) return nullptr;
  return std::make_shared<const TraceSight>(who);
}

}  // namespace stetig::api
