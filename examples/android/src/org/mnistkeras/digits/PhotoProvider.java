package org.mnistkeras.digits;

import android.content.ContentProvider;
import android.content.ContentValues;
import android.database.Cursor;
import android.net.Uri;
import android.os.ParcelFileDescriptor;
import java.io.File;
import java.io.FileNotFoundException;

/** One file in the app's cache, which the camera app writes and the page reads. */
public class PhotoProvider extends ContentProvider {
  static final Uri ADDRESS = Uri.parse("content://org.mnistkeras.digits.photo/photo.jpg");

  @Override
  public boolean onCreate() {
    return true;
  }

  @Override
  public ParcelFileDescriptor openFile(Uri address, String mode) throws FileNotFoundException {
    if (!ADDRESS.equals(address)) {
      throw new FileNotFoundException(address.toString());
    }
    File photo = new File(getContext().getCacheDir(), "photo.jpg");
    return ParcelFileDescriptor.open(photo, ParcelFileDescriptor.parseMode(mode));
  }

  @Override
  public String getType(Uri address) {
    return "image/jpeg";
  }

  @Override
  public Cursor query(Uri address, String[] columns, String selection, String[] arguments, String order) {
    return null;
  }

  @Override
  public Uri insert(Uri address, ContentValues values) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int delete(Uri address, String selection, String[] arguments) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int update(Uri address, ContentValues values, String selection, String[] arguments) {
    throw new UnsupportedOperationException();
  }
}
