using Rlhf.Foundation;
using Rlhf.Foundation.Data;
using Rlhf.Policies.Tokenization;
using Rlhf.Policies.Tokenization.Chat;
using Rlhf.Policies.Tokenization.Training;

namespace Rlhf.Policies.Tests.Tokenization;

public sealed class ChatTemplateTests : IDisposable
{
    // The templates as tokenizer_config.json of these models holds them.
    private const string Qwen2 =
        "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";

    private const string ChatMl =
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

    private const string Zephyr =
        "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}";

    private const string Llama2 =
        "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}";

    private const string Mistral =
        "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ message['content'] + eos_token}}{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}{% endfor %}";

    private readonly TemporaryFolder _folder = new();

    private static ChatMessage[] Dialogue { get; } =
    [
        new(ChatRoles.System, "Be brief."),
        new(ChatRoles.User, "Hi"),
        new(ChatRoles.Assistant, "Hello!"),
        new(ChatRoles.User, "Bye"),
    ];

    [Theory]
    [InlineData("chatml", "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\nHello!<|im_end|>\n<|im_start|>user\nBye<|im_end|>\n<|im_start|>assistant\n")]
    [InlineData("zephyr", "<|system|>\nBe brief.</s>\n<|user|>\nHi</s>\n<|assistant|>\nHello!</s>\n<|user|>\nBye</s>\n<|assistant|>\n")]
    [InlineData("llama2", "<s>[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nHi [/INST] Hello! </s><s>[INST] Bye [/INST]")]
    [InlineData("plain", "Be brief.\n\nHuman: Hi\n\nAssistant: Hello!\n\nHuman: Bye\n\nAssistant:")]
    public void RenderPrompt_EachFormat_WritesItAsItsModelsReadIt(string name, string expected)
        => Assert.Equal(expected, ChatTemplate.For(Tokenizer(null), name).RenderPrompt(Dialogue));

    [Theory]
    [InlineData("chatml", "Hello!<|im_end|>", "\n")]
    [InlineData("zephyr", "Hello!</s>", "\n")]
    [InlineData("llama2", " Hello! </s>", null)]
    [InlineData("plain", " Hello!</s>", null)]
    public void Parts_DialogueThatEndsWithAnAnswer_MarksAnswerAndItsEndAsProduced(string name, string produced, string? after)
    {
        var parts = ChatTemplate.For(Tokenizer(null), name).Parts(Dialogue[1..3]);

        var part = Assert.Single(parts, part => part.Kind == ChatPartKind.Produced);
        Assert.Equal(produced, part.Text);
        Assert.Equal(after, parts[^1] == part ? null : parts[^1].Text);
    }

    [Theory]
    [InlineData(Qwen2, "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n", "<|im_start|>assistant\n")]
    [InlineData("{{ bos_token }}" + ChatMl, "<s><|im_start|>user\nHi<|im_end|>\n", "<|im_start|>assistant\n")]
    [InlineData(Zephyr, "<|user|>\nHi</s>\n", "<|assistant|>\n")]
    [InlineData(Llama2, "<s>[INST] Hi [/INST]", "")]
    [InlineData(Mistral, "<s>[INST] Hi [/INST]", "")]
    [InlineData("{{ messages }}", "[{'role': 'user', 'content': 'Hi'}]", "")]
    public void For_TemplateOfTheTokenizer_IsRendered(string template, string rendered, string opening)
    {
        var chat = ChatTemplate.For(Tokenizer(template), ChatTemplate.Automatic);

        Assert.Equal("auto", chat.Name);
        Assert.Equal(rendered, chat.Render([new ChatMessage(ChatRoles.User, "Hi")]));
        Assert.Equal(rendered + opening, chat.RenderPrompt([new ChatMessage(ChatRoles.User, "Hi")]));
    }

    [Theory]
    [InlineData(ChatMl, "Hello!<|im_end|>\n", "Good night.<|im_end|>\n")]
    [InlineData(Zephyr, "Hello!</s>", "Good night.</s>")]
    [InlineData(Llama2, " Hello! </s>", " Good night. </s>")]
    [InlineData("{% for m in messages %}{% if m.role == 'assistant' %}A: {% generation %}{{ m.content }}{% endgeneration %};{% else %}{{ m.content }};{% endif %}{% endfor %}", "Hello!", "Good night.")]
    [InlineData("{% for m in messages %}{% if m.role == 'assistant' and not loop.last %}A: {{ m.content }}</s>{% elif m.role == 'assistant' %}A: (so) {{ m.content }}</s>{% else %}{{ m.content }};{% endif %}{% endfor %}{% if add_generation_prompt %}A: {% endif %}", "Hello!</s>", "(so) Good night.</s>")]
    public void Parts_TemplateOfTheTokenizer_MarksWhatTheAssistantProduces(string template, string first, string second)
    {
        var chat = ChatTemplate.For(Tokenizer(template), ChatTemplate.Automatic);
        ChatMessage[] dialogue = [.. Dialogue[1..], new(ChatRoles.Assistant, "Good night.")];
        var parts = chat.Parts(dialogue);

        Assert.Equal([first, second], parts.Where(part => part.Kind == ChatPartKind.Produced).Select(part => part.Text));
        Assert.Equal(chat.Render(dialogue), string.Concat(parts.Select(part => part.Text)));
    }

    [Theory]
    [InlineData("a\n{% include 'x' %}", "line 2: the tag 'include' is not known here")]
    [InlineData("{{ a | markdown }}", "line 1: there is no filter 'markdown' here")]
    [InlineData("\n\n{{ a is silly }}", "line 3: there is no test 'silly' here")]
    [InlineData("{% if a %}", "line 1: the template ends where 'endif' is expected")]
    public void For_TemplateThatHoldsWhatNobodyKnows_NamesLineAndConstruct(string template, string problem)
    {
        var error = Assert.Throws<RlhfException>(() => ChatTemplate.For(Tokenizer(template), ChatTemplate.Automatic));
        Assert.Contains(problem, error.Message, StringComparison.Ordinal);
        Assert.Contains("set chat_template to one of chatml, llama2, zephyr, plain", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void For_NoTemplateOrUnknownName_SaysWhatToSet()
    {
        var none = Assert.Throws<RlhfException>(() => ChatTemplate.For(Tokenizer(null), ChatTemplate.Automatic));
        Assert.Contains("brings no chat template; set chat_template", none.Message, StringComparison.Ordinal);
        var unknown = Assert.Throws<RlhfException>(() => ChatTemplate.For(Tokenizer(null), "alpaca"));
        Assert.Contains("'alpaca', expected auto or one of chatml", unknown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chatml", "tool")]
    [InlineData("zephyr", "tool")]
    [InlineData("llama2", "tool")]
    [InlineData("plain", "tool")]
    [InlineData("llama2", "assistant")]
    public void Render_RoleThatHasNoPlace_NamesIt(string name, string role)
    {
        var error = Assert.Throws<RlhfException>(() => ChatTemplate.For(Tokenizer(null), name).Render([new ChatMessage(role, "x")]));
        Assert.Contains($"role '{role}'", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private TextTokenizer Tokenizer(string? template)
    {
        BpeTrainer.Train(["x"], new BpeTrainingOptions { SpecialTokens = ["<s>", "</s>"] }).Save(_folder.Path);
        var config = new Dictionary<string, string?> { ["bos_token"] = "<s>", ["eos_token"] = "</s>", ["chat_template"] = template };
        _folder.With("tokenizer_config.json", System.Text.Json.JsonSerializer.Serialize(config));
        return TextTokenizer.Load(_folder.Path);
    }
}
