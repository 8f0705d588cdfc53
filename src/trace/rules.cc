#include "trace/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "trace/internal/fact_text.h"
#include "trace/internal/rule_tables.h"

namespace stetig::trace {
namespace {

using std::string_view;

constexpr size_t kMaxLinks = 64;

string_view Verb(string_view kind) {
  const size_t dot = kind.find('.');
  return dot == string_view::npos ? string_view() : kind.substr(dot + 1);
}
string_view Noun(string_view kind) { return kind.substr(0, kind.find('.')); }

class Reader {
 public:
  explicit Reader(const journal::Event& event) : event_(event) {}

  Facts Read() {
    auto parsed = json::Parse(event_.payload, {.bytes = size_t{1} << 20, .depth = 16});
    if (parsed && parsed->AsObject() != nullptr) {
      payload_ = *std::move(parsed);
    } else {
      Reject("the payload is no JSON object");
    }
    if (event_.kind == "link.asserted") {
      ReadLink();
    } else if (event_.kind == "link.ended") {
      ReadEnd();
    } else {
      ReadSubject();
    }
    return std::move(out_);
  }

 private:
  void Reject(std::string why) { out_.rejected.push_back(std::move(why)); }

  /// The text of a payload's member, a number in its decimal form; nothing when it is neither.
  std::optional<std::string> Member(string_view name) const {
    const json::Value* value = payload_.Find(name);
    if (value == nullptr) {
      return std::nullopt;
    }
    if (const int64_t* number = value->AsInt64()) {
      return std::to_string(*number);
    }
    return value->AsString() == nullptr ? std::nullopt : std::optional(*value->AsString());
  }

  std::optional<NodeRef> Subject() {
    for (const internal::SubjectRule& rule : internal::kSubjects) {
      if (rule.subject == event_.subject.type) {
        auto first = Member(rule.first);
        auto second = Member(rule.second);
        if (!first || !second) {
          Reject(fmt::format("the payload of {} names no {} and {}", event_.kind, rule.first,
                             rule.second));
          return std::nullopt;
        }
        return Checked({std::string(rule.node_type), *first + "/" + *second});
      }
    }
    if (std::ranges::find(internal::kNodeTypes, event_.subject.type) ==
        std::end(internal::kNodeTypes)) {
      return std::nullopt;
    }
    return Checked({event_.subject.type, event_.subject.id});
  }

  std::optional<NodeRef> Checked(NodeRef ref) {
    if (auto wrong = internal::WrongRef(ref)) {
      Reject(*std::move(wrong));
      return std::nullopt;
    }
    return ref;
  }

  void ReadSubject() {
    const std::optional<NodeRef> subject = Subject();
    if (!subject) {
      return;
    }
    for (const internal::RenameRule& rule : internal::kRenames) {
      auto name = Member(rule.member);
      if (rule.kind == event_.kind && name && Checked({subject->type, *name})) {
        out_.facts.emplace_back(RenameFact{subject->type, subject->id, *name});
        return;
      }
    }
    if (Noun(event_.kind) == event_.subject.type || event_.kind == "node.recorded") {
      NodeFact state = State(*subject);
      const std::string status = state.status.value_or("");
      out_.facts.emplace_back(std::move(state));
      ReadVersion(*subject);
      ReadApproval(*subject, status);
    }
    for (const journal::Ref& ref : event_.refs) {
      ReadRef(*subject, ref);
    }
    for (const internal::MemberRule& rule : internal::kMembers) {
      if (rule.kind == event_.kind) {
        ReadMember(*subject, rule);
      }
    }
  }

  NodeFact State(const NodeRef& subject) const {
    const string_view verb = Verb(event_.kind);
    NodeFact fact{.ref = subject, .created = verb == "created"};
    for (const char* name : {"title", "name"}) {
      if (auto title = Member(name); title && !fact.title) {
        fact.title = internal::CleanText(*title, internal::kMaxTitle);
      }
    }
    for (const internal::StatusRule& rule : internal::kStatus) {
      if (rule.kind == event_.kind) {
        fact.status = rule.status;
      }
    }
    if (auto status = Member("status")) {
      fact.status = internal::CleanStatus(*status);
    }
    if (verb == "deleted" || verb == "restored") {
      fact.deleted = verb == "deleted";
    } else if (fact.created) {
      fact.deleted = false;
    }
    if (std::ranges::find(internal::kKeyed, subject.type) != std::end(internal::kKeyed)) {
      const std::string key = Member("key").value_or("");
      fact.key = internal::WrongRef({subject.type, key}) ? "" : key;
    }
    fact.attributes = internal::Attributes(payload_);
    return fact;
  }

  void ReadVersion(const NodeRef& subject) {
    for (const internal::VersionRule& rule : internal::kVersions) {
      auto number = Member("version");
      if (rule.subject != subject.type || !number) {
        continue;
      }
      auto version = Checked({std::string(rule.version_type), subject.id + "/" + *number});
      if (!version) {
        continue;
      }
      NodeFact state = State(*version);
      state.created = false;
      out_.facts.emplace_back(std::move(state));
      out_.facts.emplace_back(LinkFact{.type = std::string(rule.edge),
                                       .from = *version,
                                       .to = subject,
                                       .basis = Basis::kAsserted,
                                       .rule = "version",
                                       .alone = true});
    }
  }

  /// Whether the payload's list "changed" names `member`.
  bool Changed(string_view member) const {
    const json::Value* changed = payload_.Find("changed");
    return changed != nullptr && changed->AsArray() != nullptr &&
           std::ranges::any_of(*changed->AsArray(), [member](const json::Value& name) {
             return name.AsString() != nullptr && *name.AsString() == member;
           });
  }

  void ReadApproval(const NodeRef& subject, string_view status) {
    for (const internal::ApprovalRule& rule : internal::kApprovals) {
      if (rule.subject != subject.type || rule.status != status || !Changed("status")) {
        continue;
      }
      auto approval = Checked({"approval", fmt::format("{}/{}/{}", subject.type, subject.id,
                                                       Member("version").value_or("1"))});
      if (!approval) {
        continue;
      }
      out_.facts.emplace_back(
          NodeFact{.ref = *approval, .status = "given", .attributes = {{"by", event_.actor}}});
      out_.facts.emplace_back(LinkFact{.type = "approves",
                                       .from = *approval,
                                       .to = subject,
                                       .basis = Basis::kDerived,
                                       .rule = "status",
                                       .alone = true});
    }
  }

  void ReadRef(const NodeRef& subject, const journal::Ref& ref) {
    for (const internal::RefRule& rule : internal::kRefs) {
      if (rule.subject != subject.type || rule.ref != ref.type ||
          (rule.kind != "*" && rule.kind != event_.kind)) {
        continue;
      }
      auto other = Checked({ref.type, ref.id});
      if (!other || !Room()) {
        return;
      }
      const NodeRef& from = rule.from_ref ? *other : subject;
      const NodeRef& to = rule.from_ref ? subject : *other;
      if (rule.effect == internal::Effect::kEnd) {
        out_.facts.emplace_back(EndFact{std::string(rule.edge), from, to, {}, {}});
      } else {
        out_.facts.emplace_back(LinkFact{.type = std::string(rule.edge),
                                         .from = from,
                                         .to = to,
                                         .basis = Basis::kAsserted,
                                         .rule = fmt::format("{}.{}", subject.type, ref.type),
                                         .alone = rule.effect == internal::Effect::kLinkAlone});
      }
      return;
    }
  }

  void ReadMember(const NodeRef& subject, const internal::MemberRule& rule) {
    auto id = Member(rule.member);
    if (!id || id->empty()) {
      return;
    }
    if (auto other = Checked({std::string(rule.node_type), *id})) {
      out_.facts.emplace_back(LinkFact{.type = std::string(rule.edge),
                                       .from = *other,
                                       .to = subject,
                                       .basis = rule.basis,
                                       .rule = std::string(rule.rule),
                                       .alone = true});
    }
  }

  /// An event links at most kMaxLinks nodes; the first one beyond is said once.
  bool Room() {
    if (++links_ == kMaxLinks + 1) {
      Reject(fmt::format("{} refers to more than {} nodes", event_.kind, kMaxLinks));
    }
    return links_ <= kMaxLinks;
  }

  std::optional<NodeRef> RefMember(string_view name) {
    const json::Value* value = payload_.Find(name);
    const json::Array* pair = value == nullptr ? nullptr : value->AsArray();
    if (pair == nullptr || pair->size() != 2 || (*pair)[0].AsString() == nullptr ||
        (*pair)[1].AsString() == nullptr) {
      Reject(fmt::format("\"{}\" of {} is no pair of type and id", name, event_.kind));
      return std::nullopt;
    }
    return Checked({*(*pair)[0].AsString(), *(*pair)[1].AsString()});
  }

  std::optional<WallTime> TimeMember(string_view name) {
    const json::Value* value = payload_.Find(name);
    if (value == nullptr || value->IsNull()) {
      return std::nullopt;
    }
    const int64_t* ms = value->AsInt64();
    if (ms == nullptr) {
      Reject(fmt::format("\"{}\" of {} is no whole number of milliseconds", name, event_.kind));
      return std::nullopt;
    }
    return WallTime{*ms};
  }

  void ReadLink() {
    auto type = EdgeType();
    auto from = RefMember("from");
    auto to = RefMember("to");
    auto basis = ParseBasis(Member("basis").value_or("asserted"));
    if (!basis) {
      Reject("\"basis\" of link.asserted is not asserted, derived or verified");
    }
    auto valid_from = TimeMember("valid_from");
    if (!out_.rejected.empty()) {
      return;
    }
    Turn(*type, *from, *to);
    out_.facts.emplace_back(LinkFact{
        .type = *type,
        .from = *from,
        .to = *to,
        .basis = *basis,
        .rule = RuleMember("link"),
        .evidence =
            internal::CleanText(Member("evidence").value_or(std::string()), internal::kMaxEvidence),
        .valid_from = valid_from});
  }

  void ReadEnd() {
    auto type = EdgeType();
    auto from = RefMember("from");
    auto to = RefMember("to");
    auto valid_to = TimeMember("valid_to");
    if (out_.rejected.empty()) {
      Turn(*type, *from, *to);
      out_.facts.emplace_back(EndFact{*type, *from, *to, RuleMember(""), valid_to});
    }
  }

  static void Turn(std::string& type, NodeRef& from, NodeRef& to) {
    for (const internal::TurnedRule& rule : internal::kTurned) {
      if (rule.said == type) {
        type = rule.kept;
        std::swap(from, to);
        return;
      }
    }
  }

  std::optional<std::string> EdgeType() {
    auto type = Member("type");
    if (!type || !internal::IsWord(*type)) {
      Reject(fmt::format("\"type\" of {} is no name of small letters, digits and underscores",
                         event_.kind));
    }
    return type;
  }

  std::string RuleMember(string_view otherwise) const {
    auto rule = Member("rule");
    return rule && !rule->empty() ? internal::CleanText(*rule, internal::kMaxRule)
                                  : std::string(otherwise);
  }

  const journal::Event& event_;
  json::Value payload_{json::Object{}};
  size_t links_ = 0;
  Facts out_;
};

}  // namespace

Facts Interpret(const journal::Event& event) { return Reader(event).Read(); }

std::vector<PartRule> PartsOf(std::string_view type) {
  std::vector<PartRule> parts;
  for (const PartRule& rule : internal::kParts) {
    if (rule.type == type) {
      parts.push_back(rule);
    }
  }
  return parts;
}

std::string_view BasisName(Basis basis) {
  switch (basis) {
    case Basis::kAsserted:
      return "asserted";
    case Basis::kDerived:
      return "derived";
    case Basis::kVerified:
      return "verified";
  }
  return "asserted";
}

std::optional<Basis> ParseBasis(std::string_view name) {
  for (const Basis basis : {Basis::kAsserted, Basis::kDerived, Basis::kVerified}) {
    if (BasisName(basis) == name) {
      return basis;
    }
  }
  return std::nullopt;
}

}  // namespace stetig::trace
