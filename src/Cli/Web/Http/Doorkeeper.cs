using Microsoft.AspNetCore.Http;
using Rlhf.Foundation;

namespace Rlhf.Cli.Web.Http;

/// <summary>
/// Stands before everything else: lets in who may come in, tells browsers what pages may do, and turns whatever goes
/// wrong into one line for the caller and one for the log.
/// </summary>
internal sealed class Doorkeeper(ServerAddress address, RefusalLog log)
{
    private const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public async Task Pass(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.CacheControl = "no-store";
        try
        {
            if (!address.Answers(context.Request.Host)) throw new RefusedException(StatusCodes.Status421MisdirectedRequest, "this server does not answer to that name");
            WantSameOrigin(context.Request);
            if (!IsKnown(context)) throw new RefusedException(StatusCodes.Status401Unauthorized, "the token is missing or wrong; open the address that the server printed");
            if (context.Response.StatusCode == StatusCodes.Status302Found) return;
            await next(context);
            if (context.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed && !context.Response.HasStarted)
                throw new RefusedException(context.Response.StatusCode, $"there is nothing here for {context.Request.Method}");
        }
        catch (RefusedException refused)
        {
            log.Say(context.Request, refused.Status, refused.Message);
            await Json.WriteError(context, refused.Status, refused.Message);
        }
        catch (BadHttpRequestException bad)
        {
            log.Say(context.Request, bad.StatusCode, bad.Message);
            await Json.WriteError(context, bad.StatusCode, bad.Message);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The other side has gone.
        }
        catch (IOException) when (context.RequestAborted.IsCancellationRequested)
        {
        }
        catch (RlhfException known)
        {
            log.Say(context.Request, StatusCodes.Status409Conflict, known.Message);
            await Json.WriteError(context, StatusCodes.Status409Conflict, known.Message);
        }
        catch (Exception failure)
        {
            log.Say(context.Request, StatusCodes.Status500InternalServerError, $"{failure.GetType().Name}: {failure.Message}");
            await Json.WriteError(context, StatusCodes.Status500InternalServerError, "the server failed at this; its log says why");
        }
    }

    /// <summary>A page of another origin may neither change nor read anything here.</summary>
    private static void WantSameOrigin(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && !string.Equals(origin, $"{request.Scheme}://{request.Host}", StringComparison.OrdinalIgnoreCase))
            throw new RefusedException(StatusCodes.Status403Forbidden, "requests of other origins are refused");
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var isFollowedLink = HttpMethods.IsGet(request.Method) && request.Headers["Sec-Fetch-Mode"] == "navigate";
        if (site is "cross-site" or "same-site" && !isFollowedLink) throw new RefusedException(StatusCodes.Status403Forbidden, "requests of other sites are refused");
    }

    /// <summary>By the cookie, or a bearer's token; the token in a page's address becomes a cookie and leaves the address.</summary>
    private bool IsKnown(HttpContext context)
    {
        var request = context.Request;
        const string bearer = "Bearer ";
        var authorization = request.Headers.Authorization.ToString();
        if (address.IsToken(request.Cookies[ServerAddress.Cookie]) || (authorization.StartsWith(bearer, StringComparison.Ordinal) && address.IsToken(authorization[bearer.Length..]))) return true;
        if (!HttpMethods.IsGet(request.Method) || !address.IsToken(request.Query["token"])) return false;
        context.Response.Cookies.Append(ServerAddress.Cookie, address.Token!, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", MaxAge = TimeSpan.FromDays(30) });
        // One slash: two would lead to another server.
        context.Response.Redirect('/' + (request.Path.Value ?? "").TrimStart('/'));
        return true;
    }
}
