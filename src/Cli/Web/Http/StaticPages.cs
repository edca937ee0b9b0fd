using System.Reflection;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Rlhf.Reports.Charts;

namespace Rlhf.Cli.Web.Http;

/// <summary>The pages, which are in the program: no folder is served, so no path leads out of one.</summary>
internal static class StaticPages
{
    private const string Root = "web/";

    private static readonly Dictionary<string, string> s_types = new()
    {
        [".html"] = "text/html; charset=utf-8", [".js"] = "text/javascript; charset=utf-8", [".css"] = "text/css; charset=utf-8",
    };

    /// <param name="pages">By path, the file that is the page there.</param>
    public static void Map(IEndpointRouteBuilder app, IReadOnlyDictionary<string, string> pages)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var files = assembly.GetManifestResourceNames().Where(name => name.StartsWith(Root, StringComparison.Ordinal)).ToDictionary(name => name[Root.Length..], name => Read(assembly, name));
        files["colours.css"] = Encoding.UTF8.GetBytes(Palette.Css(":root"));
        foreach (var (path, file) in pages) app.MapGet(path, context => Send(context, file, files[file]));
        foreach (var (name, content) in files.Where(file => !file.Key.EndsWith(".html", StringComparison.Ordinal))) app.MapGet($"/assets/{name}", context => Send(context, name, content));
    }

    private static async Task Send(HttpContext context, string name, byte[] content)
    {
        context.Response.ContentType = s_types[Path.GetExtension(name)];
        context.Response.ContentLength = content.Length;
        await context.Response.Body.WriteAsync(content, context.RequestAborted);
    }

    private static byte[] Read(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
