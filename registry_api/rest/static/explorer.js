// The explorer of the REST API. Credentials stay in the page: nothing is remembered.
// Whoever is signed in in this browser shows that he meant a request by the token of its cookie, as pages do.
const csrfCookie = location.protocol === "https:" ? "__Host-wharf_csrf" : "wharf_csrf";

function withToken(request) {
  const cookie = document.cookie.split("; ").find((each) => each.startsWith(`${csrfCookie}=`));
  if (cookie && new URL(request.url, location.href).origin === location.origin) {
    request.headers["X-CSRFToken"] = cookie.slice(csrfCookie.length + 1);
  }
  return request;
}

window.ui = SwaggerUIBundle({
  url: "/api/openapi.yaml",
  dom_id: "#explorer",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  deepLinking: true,
  validatorUrl: null,
  requestInterceptor: withToken,
});
