package org.mnistkeras.digits;

import android.app.Activity;
import android.content.ActivityNotFoundException;
import android.content.ClipData;
import android.content.Intent;
import android.net.Uri;
import android.os.Bundle;
import android.provider.MediaStore;
import android.webkit.ValueCallback;
import android.webkit.WebChromeClient;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import android.webkit.WebView;
import android.webkit.WebViewClient;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.Collections;

/** Shows the phone page from the app's assets. Nothing leaves the device: the app may not use the network. */
public class MainActivity extends Activity {
  /** Modules and WebAssembly need https. WebView sends these requests to {@link Page}, not to the network. */
  private static final String ORIGIN = "https://appassets.androidplatform.net/";

  private static final int CHOOSE_IMAGE = 1;

  private ValueCallback<Uri[]> waiting;
  private boolean fromCamera;

  @Override
  protected void onCreate(Bundle state) {
    super.onCreate(state);
    WebView view = new WebView(this);
    view.getSettings().setJavaScriptEnabled(true);
    view.getSettings().setAllowFileAccess(false);
    view.setWebViewClient(new Page());
    view.setWebChromeClient(new Chooser());
    // From level 35 on, an app's window lies behind the system's bars.
    view.setFitsSystemWindows(true);
    setContentView(view);
    view.loadUrl(ORIGIN + "index.html");
  }

  @Override
  protected void onActivityResult(int request, int result, Intent data) {
    if (request != CHOOSE_IMAGE || waiting == null) {
      super.onActivityResult(request, result, data);
      return;
    }
    Uri[] chosen = fromCamera && result == RESULT_OK
        ? new Uri[] {PhotoProvider.ADDRESS}
        : WebChromeClient.FileChooserParams.parseResult(result, data);
    waiting.onReceiveValue(chosen);
    waiting = null;
  }

  private class Page extends WebViewClient {
    @Override
    public WebResourceResponse shouldInterceptRequest(WebView view, WebResourceRequest request) {
      String address = request.getUrl().toString();
      if (!address.startsWith(ORIGIN)) {
        return missing();
      }
      String path = request.getUrl().getPath().substring(1);
      try {
        InputStream content = getAssets().open("page/" + path);
        return new WebResourceResponse(typeOf(path), "utf-8", content);
      } catch (IOException error) {
        return missing();
      }
    }

    private WebResourceResponse missing() {
      InputStream nothing = new ByteArrayInputStream(new byte[0]);
      return new WebResourceResponse("text/plain", "utf-8", 404, "Not Found", Collections.emptyMap(), nothing);
    }

    private String typeOf(String path) {
      switch (path.substring(path.lastIndexOf('.') + 1)) {
        case "html":
          return "text/html";
        case "css":
          return "text/css";
        case "js":
          return "text/javascript";
        case "json":
          return "application/json";
        case "wasm":
          return "application/wasm";
        case "svg":
          return "image/svg+xml";
        case "png":
          return "image/png";
        default:
          return "application/octet-stream";
      }
    }
  }

  private class Chooser extends WebChromeClient {
    @Override
    public boolean onShowFileChooser(WebView view, ValueCallback<Uri[]> callback, FileChooserParams parameters) {
      if (waiting != null) {
        waiting.onReceiveValue(null);
      }
      waiting = callback;
      fromCamera = parameters.isCaptureEnabled();
      Intent intent = fromCamera ? cameraIntent() : parameters.createIntent();
      try {
        startActivityForResult(intent, CHOOSE_IMAGE);
      } catch (ActivityNotFoundException error) {
        waiting = null;
        return false;
      }
      return true;
    }

    private Intent cameraIntent() {
      Intent intent = new Intent(MediaStore.ACTION_IMAGE_CAPTURE);
      intent.putExtra(MediaStore.EXTRA_OUTPUT, PhotoProvider.ADDRESS);
      // The grant follows the clip data.
      intent.setClipData(ClipData.newRawUri(null, PhotoProvider.ADDRESS));
      intent.addFlags(Intent.FLAG_GRANT_WRITE_URI_PERMISSION);
      return intent;
    }
  }
}
