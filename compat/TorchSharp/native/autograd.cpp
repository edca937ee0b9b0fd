// Gradients: the engine's entry points, and nodes whose forward and backward are managed code.
#include "bridge.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <memory>
#include <vector>

using namespace bridge;

static std::vector<at::Tensor> tensors(Handle* handles, int count) {
  std::vector<at::Tensor> out(count);
  for (int i = 0; i < count; i++) out[i] = borrow(handles[i]);
  return out;
}

EXPORT int bridge_backward(Handle* roots, Handle* grads, int count, int retain, int create, Handle* inputs, int input_count) {
  return guard([&] {
    c10::optional<bool> keep;
    if (retain >= 0) keep = retain != 0;
    torch::autograd::backward(tensors(roots, count), grads ? tensors(grads, count) : std::vector<at::Tensor>(), keep, create != 0, tensors(inputs, input_count));
  });
}
EXPORT int bridge_gradients(Handle* roots, Handle* grads, int count, Handle* inputs, int input_count, int retain, int create, int allow_unused, Handle* out) {
  return guard([&] {
    c10::optional<bool> keep;
    if (retain >= 0) keep = retain != 0;
    auto g = torch::autograd::grad(tensors(roots, count), tensors(inputs, input_count), grads ? tensors(grads, count) : std::vector<at::Tensor>(), keep, create != 0, allow_unused != 0);
    for (int i = 0; i < input_count; i++) out[i] = give(std::move(g[i]));
  });
}

namespace {
using Backward = int (*)(void* state, Handle* grads, int count, Handle* results, int result_count, char* message, int room);
using Release = void (*)(void* state);

struct ManagedNode : torch::autograd::Node {
  void* state = nullptr;
  Backward run = nullptr;
  Release free_state = nullptr;
  std::string label;
  ~ManagedNode() override { if (free_state) free_state(state); }
  std::string name() const override { return label; }
  torch::autograd::variable_list apply(torch::autograd::variable_list&& grads) override {
    std::vector<Handle> in(grads.size()), out(num_outputs(), nullptr);
    for (size_t i = 0; i < grads.size(); i++) in[i] = give(std::move(grads[i]));
    char message[1024] = {0};
    int failed = run(state, in.data(), static_cast<int>(in.size()), out.data(), static_cast<int>(out.size()), message, sizeof message);
    torch::autograd::variable_list result(out.size());
    for (size_t i = 0; i < out.size(); i++)
      if (out[i]) result[i] = at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(out[i]));
    TORCH_CHECK(!failed, label, ": backward failed: ", message);
    return result;
  }
};
// What an edge holds a node by: std::shared_ptr, or in newer libtorch a count within the node.
using NodePointer = decltype(torch::autograd::Edge::function);
template <class Pointer>
Pointer make_node() {
  if constexpr (std::is_same_v<Pointer, std::shared_ptr<torch::autograd::Node>>)
    return Pointer(new ManagedNode(), [](auto* node) { deleteNode(node); });
  else
    return c10::make_intrusive<ManagedNode>();
}
}  // namespace

// 1 where any input wants a gradient and gradients are on: only then is a node worth making.
EXPORT int bridge_any_requires_grad(Handle* inputs, int count) {
  if (!c10::GradMode::is_enabled()) return 0;
  for (int i = 0; i < count; i++) if (inputs[i] && inputs[i]->requires_grad()) return 1;
  return 0;
}
// Makes `outputs` (computed without gradients) the results of a node whose inputs are `inputs`.
EXPORT int bridge_attach_node(Handle* inputs, int count, Handle* outputs, int output_count, void* state, Backward run, Release release, const char* name) {
  return guard([&] {
    auto in = tensors(inputs, count);
    auto node = make_node<NodePointer>();
    torch::autograd::edge_list edges;
    for (auto& t : in) edges.push_back(t.defined() ? torch::autograd::impl::gradient_edge(t) : torch::autograd::Edge());
    for (auto& e : edges) if (!e.is_valid()) e = torch::autograd::Edge();
    node->set_next_edges(std::move(edges));
    auto& managed = static_cast<ManagedNode&>(*node);
    managed.state = state;
    managed.run = run;
    managed.free_state = release;
    managed.label = name;
    for (int i = 0; i < output_count; i++) {
      auto t = borrow(outputs[i]);
      if (at::isFloatingType(t.scalar_type())) torch::autograd::set_history(t, node);
    }
  });
}
