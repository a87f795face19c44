//! [`Studio`]: the server.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use acetate_engine::Cache;
use axum::middleware;

use crate::error::StudioError;
use crate::guard::{Guard, stand_before};
use crate::routes::router;
use crate::session::{Folder, FolderOptions, Session, work};
use crate::token::Token;

/// Threads that answer; what computes has others.
const ANSWERING_THREADS: usize = 2;
/// How often somebody is asked whether to stop.
const ASKED_EVERY: Duration = Duration::from_millis(100);
/// How long connections that are open may take to end.
const GRACE: Duration = Duration::from_secs(1);

/// How the studio is opened.
#[derive(Clone, Debug, Default)]
pub struct StudioOptions {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// Mixes to open at once, where they lie: nothing is copied.
    pub mixes: Vec<PathBuf>,
    /// Where analyses are kept.
    pub cache: Cache,
    /// Where sessions have their folders; the user's cache folder where `None`.
    pub session_folder: Option<PathBuf>,
    /// The very folder of this session: an earlier one is opened again, a new one is made.
    pub session: Option<PathBuf>,
    /// Uploads and masters stay in the session's folder when it ends.
    pub keep_audio: bool,
    /// The page may deliver masters into this folder.
    pub deliver_to: Option<PathBuf>,
}

/// A server that is ready to serve.
pub struct Studio {
    listener: TcpListener,
    port: u16,
    token: Token,
    session: Arc<Session>,
}

impl Studio {
    /// Takes the port and opens the mixes. Nothing is answered before [`serve`](Self::serve).
    ///
    /// # Errors
    /// [`StudioError`]: the port is taken, the session's folder cannot be written, or a mix does not exist.
    pub fn open(options: &StudioOptions) -> Result<Self, StudioError> {
        let no_port = |source| StudioError::Port {
            port: options.port,
            source,
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).map_err(no_port)?;
        listener.set_nonblocking(true).map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let deliver_to = options.deliver_to.as_deref().map(folder_to_deliver_into);
        let folder = Folder::create(&FolderOptions {
            place: options.session_folder.clone(),
            folder: options.session.clone(),
            keep_audio: options.keep_audio,
        })?;
        let session = Session::new(folder, options.cache.clone(), deliver_to.transpose()?);
        for mix in &options.mixes {
            session.open_path(mix)?;
        }
        Ok(Self {
            listener,
            port,
            token: Token::random()?,
            session: Arc::new(session),
        })
    }

    /// Where the page is. The part behind `#` is the secret that lets it in: browsers neither send nor log it.
    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}/#{}", self.port, self.token.as_str())
    }

    /// Serves until `is_over` says so, which is asked ten times a second. Then uploads and masters are taken away,
    /// unless they are to be kept; settings and hashes stay.
    ///
    /// # Errors
    /// [`StudioError::Serve`] where the system refuses threads or the port.
    pub fn serve(self, is_over: impl Fn() -> bool + Send + 'static) -> Result<(), StudioError> {
        let session = self.session;
        let worker = {
            let session = Arc::clone(&session);
            let builder = thread::Builder::new().name("studio".to_owned());
            builder.spawn(move || work(&session))?
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(ANSWERING_THREADS)
            .enable_all()
            .build()?;
        let guard = Guard::new(self.port, self.token);
        let app =
            router(Arc::clone(&session)).layer(middleware::from_fn_with_state(guard, stand_before));
        let served = runtime.block_on(async move {
            let listener = tokio::net::TcpListener::from_std(self.listener)?;
            let serve = async { axum::serve(listener, app).await };
            let over = async {
                while !is_over() {
                    tokio::time::sleep(ASKED_EVERY).await;
                }
            };
            tokio::select! {
                served = serve => served,
                () = over => Ok(()),
            }
        });
        session.queue.end();
        runtime.shutdown_timeout(GRACE);
        // A worker that panicked has nothing left to end.
        let _ = worker.join();
        Ok(served?)
    }
}

fn folder_to_deliver_into(folder: &Path) -> Result<PathBuf, StudioError> {
    let refused = |found: String| StudioError::DeliverTo {
        folder: folder.display().to_string(),
        found,
    };
    let full = std::fs::canonicalize(folder).map_err(|error| refused(error.to_string()))?;
    if full.is_dir() {
        Ok(full)
    } else {
        Err(refused("something else".to_owned()))
    }
}
